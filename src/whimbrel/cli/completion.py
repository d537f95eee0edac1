"""`whimbrel completion`: what a shell needs to complete this command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_WHIMBREL_COMPLETE"
_HELP = """Print what makes SHELL complete commands, options, actions, products, devices and jobs.

\b
  bash  eval "$(whimbrel completion bash)"          in ~/.bashrc
  zsh   eval "$(whimbrel completion zsh)"           in ~/.zshrc
  fish  whimbrel completion fish | source           in ~/.config/fish/config.fish
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """See _HELP."""
    kind = get_completion_class(shell)
    assert kind is not None, "click has a class for each of SHELLS"
    root = context.find_root()
    click.echo(kind(root.command, {}, "whimbrel", _VARIABLE).source())
