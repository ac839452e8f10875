# Images for an application that isn't ours: see bench/deploy/projectimage.py, which makes the folders that are copied.
ARG IMAGE

# A project and what it needs, on our base image.
FROM ${IMAGE} AS project
ARG PACKAGES
RUN python -m venv --without-pip /opt/venv
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/tmp
COPY packages/ /opt/venv/${PACKAGES}/
COPY --chown=10001:10001 project/ /srv/project/
# Packages may contain files of another Python's; what fails to compile fails to import, too.
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/venv /srv/project || :
WORKDIR /srv/project
USER 10001:10001

# Servers over any image: it needs a Python, and no shell.
FROM ${IMAGE} AS compiled
USER 0
COPY . /opt/wsgi-bench/
RUN ["python", "-c", "import compileall, py_compile; compileall.compile_dir('/opt/wsgi-bench', quiet=2, \
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"]

FROM ${IMAGE} AS served
COPY --from=compiled /opt/wsgi-bench/ /opt/wsgi-bench/
