"""Why an application can't even be asked, in one sentence with the way out."""

from __future__ import annotations

from difflib import get_close_matches

from bench.model.preflight import Preflight, Raised, Trouble

_SHOWN = 8
_ASGI = (
    "WSGI servers can't serve it, and WSGI servers are what is compared here. "
    "A WSGI application takes (environ, start_response)"
)


def trouble_in_words(seen: Preflight) -> str:
    """The sentence for `seen.trouble`."""
    trouble, target = seen.trouble, seen.callable
    assert trouble is not None
    module, _, expression = target.partition(":")
    detail, raised = trouble.detail, trouble.raised
    match trouble.kind:
        case "no-module":
            return (
                f"{target}: there is no module {detail}. Correct the name, or say where it is: --chdir "
                f"FOLDER for a file, --python or --requirements for what is installed"
            )
        case "import" | "factory-failed":
            said = raised_in_words(raised) if raised else detail
            return said if trouble.kind == "import" else f"{target} raises {said}"
        case "no-callable":
            return f"{module}: nothing in it is called {detail}.{_instead(detail, trouble.names)}"
        case "not-callable":
            return f"{target} is {_a(detail)}, which can't be called. Name the application itself"
        case "not-wsgi":
            return (
                f"{target} is {_a(detail)} and no WSGI application: it doesn't take (environ, start_response)"
            )
        case "asgi":
            named = f" ({detail})" if detail else ""
            what = "Django's ASGI application" if detail == "Django" else f"an ASGI application{named}"
            other = module.rpartition(".")[0]
            way = f"name {other}.wsgi:application" if detail == "Django" and other else _ASGI
            return f"{target} is {what}: {way}"
        case "factory" | "class":
            what = "a factory" if trouble.kind == "factory" else "a class"
            if not detail:
                return f"{target} is {what}: write {module}:{expression}()"
            given = ", ".join(f"{name}=..." for name in detail.split(", "))
            return (
                f"{target} is {what} that needs {detail}: write {module}:{expression}({given}), with literals"
            )
        case "nothing-made":
            return f"{target} returned None, not an application. Its factory needs a return"
        case "exit":
            where = f"{_place(raised)}{_printed(trouble)}"
            return f"{target} calls sys.exit({detail}) when it is imported{where}"
        case "blocked":
            return _blocked(seen, trouble)
        case "ended":
            return (
                f"{target} {detail} when it was imported or asked{_printed(trouble)}. An application may "
                f"neither go into the background nor end its process"
            )
        case "memory":
            return f"{target} took more than {detail} of memory in one process, and was ended"
        case "no-python":
            return f"The interpreter can't be started: {detail}. --python names another"


def _printed(trouble: Trouble) -> str:
    return f': "{trouble.printed}"' if trouble.printed else ""


def raised_in_words(raised: Raised) -> str:
    """An exception with its place and, where one is known, the way out."""
    what = f"{raised.type}: {raised.text}" if raised.text else raised.type
    if raised.module:
        way = ": --python names the interpreter that has it, --requirements what to install"
    elif raised.variable:
        way = f": --env {raised.variable}=... or --env-file FILE"
    else:
        way = ""
    return f"{what}{_place(raised)}{way}"


def _blocked(seen: Preflight, trouble: Trouble) -> str:
    line = f": {trouble.raised.code}" if trouble.raised and trouble.raised.code else ""
    where = f"{_place(trouble.raised)}{line}"
    if seen.answered or seen.import_s:
        return (
            f"{seen.callable} gave no answer within {trouble.detail}; it stands{where}. --timeout is longer"
        )
    if seen.binds:
        return (
            f"{seen.callable} takes {', '.join(seen.binds)} itself when it is imported, and stands{where}. "
            f'Put that under if __name__ == "__main__"'
        )
    return (
        f"{seen.callable} couldn't be imported within {trouble.detail}; it stands{where}. Each server "
        f"imports it anew in every round: spare it what takes long, or start servers yourself, and compare "
        f"them by `wsgi-bench run --target NAME=URL`"
    )


def _place(raised: Raised | None) -> str:
    return f" in {raised.file}:{raised.line}" if raised and raised.file else ""


def _instead(name: str, names: tuple[str, ...]) -> str:
    close = [match for word in name.split(" or ") for match in get_close_matches(word, names, n=1)]
    if close:
        return f" Did you mean {close[0]}?"
    more = " ..." if len(names) > _SHOWN else ""
    return f" It has {', '.join(names[:_SHOWN])}{more}" if names else " It has nothing that can be called"


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"
