"""Adds the user's processes to the image; those of the same type from the build give way."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.procfile.processes import DEFAULT_VARIABLE, launch_processes
from gobp.cnb.launch import Launch


def build(context: BuildContext) -> Launch:
    """Turn the commands that detect found into processes."""
    commands = {
        name: str(command) for entry in context.entries for name, command in entry.metadata.items()
    }
    default = context.env.get(DEFAULT_VARIABLE, "").strip()
    if default and commands["web"] != default:
        context.log.process(f"The Procfile takes precedence over {DEFAULT_VARIABLE}")
    processes = launch_processes(commands, context.env)
    for process in processes:
        context.log.process(f"{process.type}: {commands[process.type]}")
    context.log.gap()
    return Launch(processes=processes)
