"""`aura`: starts and inspects the platform on this machine, and streams heart beats into it.

Commands import their modules when they run, so that `aura detect`, of which hundreds may be started, starts fast.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.aws.profiles import take_profile
from cli.recovery import app as recovery
from local.site import InvalidSite

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
dead_letters = typer.Typer(no_args_is_help=True, help="Beats that could not be processed.")
app.add_typer(dead_letters, name="dead-letters")
region = typer.Typer(no_args_is_help=True, help="The loss of a region.")
app.add_typer(region, name="region")
recovery.add_commands(app)

_REGION = Annotated[str, typer.Argument(metavar="REGION", help="Such as us-west-2.")]


@app.command()
def up() -> None:
    """Start the whole platform, or update it to what is declared; ends once a heart beat has led to a calm."""
    from cli.up import up

    up()


@app.command()
def down() -> None:
    """Stop everything and keep the data."""
    from cli.down import down

    down()


@app.command()
def clean() -> None:
    """Stop everything and delete all data of this site; the tool cache stays."""
    from cli.down import clean

    clean()


@app.command()
def status() -> None:
    """Show regions, resources, custom resources, Pods and lag in one table."""
    from cli.status import status

    status()


@app.command()
def env() -> None:
    """Print the exports for plain pulumi, kubectl and aws: eval "$(aura env)"."""
    from cli.environment import print_exports

    print_exports()


@app.command()
def logs(
    pod: Annotated[str, typer.Argument(help="A Pod, or the start of its name.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the output.")] = False,
    previous: Annotated[bool, typer.Option("--previous", help="Logs of the previous container instance.")] = False,
    container: Annotated[str, typer.Option("--container", "-c", help="Another container, such as `migrate`.")] = "",
) -> None:
    """Print the logs of a Pod."""
    from cli.logs import logs

    logs(pod, follow, previous, container)


@app.command()
def images(tag: Annotated[str, typer.Option(help="The tag that they get.")] = "0.1.0") -> None:
    """Push the images of images.toml to the repositories aura/<name> of ECR, and print their references by digest."""
    from cli.images import images

    images(tag)


@app.command()
def api(json: Annotated[bool, typer.Option("--json", help="Print the OpenAPI document.")] = False) -> None:
    """Print where the API is, how to get a token, and what there is to ask."""
    from cli.api import api

    api(json)


@app.command()
def token(
    context: typer.Context,
    user: Annotated[str, typer.Option(help="The subject of the token.")],
    role: Annotated[list[str] | None, typer.Option(help="A role to grant; may be given more than once.")] = None,
    ttl: Annotated[int, typer.Option(help="Seconds until it expires; negative for an expired one.")] = 900,
    stack: Annotated[str, typer.Option(help="Another one is on AWS: your AWS credentials read its key.")] = "local",
) -> None:
    """Print an access token for a user, signed with the platform's key."""
    from cli.token import print_token

    print_token(user, role or [], ttl, stack, context.obj)


@app.command("sign-in")
def sign_in(
    address: Annotated[str, typer.Option(help="The person's address, which the provider has verified.")],
) -> None:
    """Sign a person in as an app does, at a provider of this machine in Google's place; prints the tokens."""
    from cli.sign_in import print_sign_in

    print_sign_in(address)


@app.command()
def inventory(
    context: typer.Context,
    stack: Annotated[str, typer.Option(help="Another one is on AWS: your Pulumi login reads its state.")] = "local",
) -> None:
    """Print what a stack holds by region, what copies it, what the loss of a region loses, and its list price."""
    from cli.inventory.show import inventory

    inventory(stack, context.obj)


@app.command()
def wearables(
    users: Annotated[int, typer.Option(min=1, help="Number of users that stream.")] = 1,
    recording: Annotated[
        Path | None, typer.Option(help="Folder with an IBI.csv to replay; default: synthesised heart beats.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, help="Seconds of heart beats per second of wall clock.")] = 1.0,
    minutes: Annotated[float, typer.Option(min=8, help="Minutes of synthesised heart beats.")] = 20.0,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Stream heart beats as wearables do and report the results."""
    from cli.wearables import wearables

    wearables(users, recording, speed, minutes, json)


@app.command()
def drill(
    mode: Annotated[
        Literal["switchover", "failover"], typer.Option(help="failover: the active region is killed without warning.")
    ] = "switchover",
    users: Annotated[int, typer.Option(min=1, help="How many people stream meanwhile.")] = 20,
    minutes: Annotated[float, typer.Option(min=1, help="For how long they do.")] = 6,
) -> None:
    """Change the regions while people stream, and change them back; print what it cost."""
    from cli.drill.command import print_drill

    print_drill(mode, users, minutes)


@dead_letters.command("list")
def list_dead_letters(
    all_: Annotated[bool, typer.Option("--all", help="Include those that were replayed.")] = False,
) -> None:
    """Print what could not be processed: its record, time, users and reason, and whether it can be processed now."""
    from cli.dead_letters import print_dead_letters

    print_dead_letters(all_)


@dead_letters.command("replay")
def replay_dead_letters() -> None:
    """Replay what can be processed now to its partition, each exactly once; the rest stays and is listed."""
    from cli.dead_letters import replay_dead_letters

    replay_dead_letters()


@region.command("status")
def region_status() -> None:
    """Show the regions, how far each copy of data is behind, and what the loss of its source would lose now."""
    from cli.region_status import status

    status()


@region.command("kill")
def kill_region(name: _REGION) -> None:
    """Kill every process of a region at once, and keep it so; its part of AWS answers nothing, its data stay."""
    from cli.region import kill

    kill(name)


@region.command("partition")
def partition_region(name: _REGION) -> None:
    """Cut a region off from other regions, the witness and clients; it runs on."""
    from cli.region import partition

    partition(name)


@region.command("restore")
def restore_region(name: _REGION) -> None:
    """Bring a region back that was killed or cut off."""
    from cli.region import restore

    restore(name)


@region.command("latency")
def set_latency(
    milliseconds: Annotated[float | None, typer.Argument(help="There and back; without it, print what it is.")] = None,
) -> None:
    """Set how long a byte takes from one region to another and back; 60 ms unless it was set."""
    from cli.region import latency

    latency(milliseconds)


@region.command("refuse-calls")
def refuse_calls(state: Annotated[Literal["on", "off"], typer.Argument()]) -> None:
    """Refuse every call of every control plane of AWS, in all regions; what exists goes on."""
    from cli.region import refuse_calls

    refuse_calls(state == "on")


@app.command(context_settings={"help_option_names": ["--help"]})
def detect(
    rule: Annotated[Literal["gate", "score", "ignore"], typer.Option(help="What the drop of HRV does.")] = "gate",
    threshold: Annotated[float | None, typer.Option(help="The score at which an event is raised.")] = None,
) -> None:
    """Read beats as JSON lines {"t": ms, "rr_ms": ms} and write the stress events found in them."""
    from cli.detect import detect

    detect(rule, threshold)


if __name__ == "__main__":
    try:
        app(prog_name="aura", obj=take_profile())
    except InvalidSite as error:
        typer.echo(f"aura: {error}", err=True)
        sys.exit(2)
