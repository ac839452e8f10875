"""The settings of a user's own project."""

from __future__ import annotations

from bench.ask.settings.setting import Setting

PROJECT = (
    Setting(
        "chdir",
        "text",
        "The folder of your project, in which its application is served",
        form="a folder",
        otherwise="the one that the command is given in",
        metavar="DIR",
        offers="directories",
    ),
    Setting(
        "python",
        "text",
        "What runs your application: a Python, or the folder of an environment",
        form="a path, a name or a version",
        otherwise="the active or nearest virtual environment, or one built from the project's requirements",
    ),
    Setting(
        "requirements",
        "text",
        "Build an environment for your application from this list",
        "It is kept in your cache; your own is left as it is.",
        form="a file",
        metavar="FILE",
    ),
    Setting(
        "env",
        "lines",
        "A variable for your application, beside those of your shell; NAME alone takes the shell's",
        "Reports and results have its name, and never its value.",
        form="`NAME=VALUE`, or `NAME`",
        metavar="NAME=VALUE",
    ),
    Setting(
        "env_file",
        "text",
        "A file of such variables, a line each",
        form="a file",
        metavar="FILE",
    ),
    Setting(
        "setup",
        "text",
        "A command line that prepares your application once: migrations, fixtures, static files",
        "It runs in the project, with the application's environment, when its services are up.",
        form="a command line",
        metavar="CMD",
    ),
    Setting(
        "reset",
        "text",
        "A command line before each round, which puts back what the application has written",
        form="a command line",
        metavar="CMD",
    ),
    Setting(
        "copy",
        "several",
        "A file of the project that is put back before each round and at the end, as db.sqlite3",
        form="files",
        metavar="FILE",
    ),
    Setting(
        "services",
        "text",
        "A compose file with what the application needs, PostgreSQL or Redis: up while the run lasts",
        "They are a Compose project of their own, whose volumes end with the run. It needs a Docker engine.",
        form="a compose file",
        metavar="FILE",
    ),
    Setting(
        "pass_env",
        "several",
        "A variable of your shell that the application gets in containers, too",
        "As child processes it has those of your shell anyway, but for what steers servers, as "
        "`GUNICORN_CMD_ARGS`. Values are in no file.",
        form="names",
        metavar="NAME",
    ),
    Setting(
        "image",
        "text",
        "Serve the application in containers of this image of yours, with its own Python",
        "The servers are laid over it in an image of the run's own. See "
        "[decision 091](decisions/091-their-own-image.md).",
        form="an image",
        metavar="IMAGE",
    ),
    Setting(
        "dockerfile",
        "text",
        "The same with the image that this file builds",
        form="a Dockerfile",
        metavar="FILE",
    ),
)
