"""The `ackbot` command: what it offers. Each command's own file imports what is heavy only when it runs."""

import typer

from bot.cli import (
    audit,
    check,
    clocks,
    contacts,
    deadline,
    demo,
    figures,
    judging,
    needs,
    people,
    preview,
    receipts,
    recompute,
    rehearse,
    report,
    run,
    schema,
    shunted,
    staff,
    store,
    taking,
    token,
    triage,
    urgent,
    webhook,
)

app = typer.Typer(
    name="ackbot",
    help="Logs every contact, acknowledges each person once, and alerts staff before a promise is broken.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("check")(check.check)
app.command("deadline")(deadline.deadline)
app.command("triage")(triage.triage)
app.command("preview")(preview.preview)
app.command("demo")(demo.demo)
app.command("recompute")(recompute.recompute)
app.command("rehearse")(rehearse.rehearse)
app.command("report")(report.report)
app.command("release")(receipts.release)
app.command("suppressions")(receipts.suppressions)
clocks.add_to(contacts.app)
receipts.add_to(contacts.app)
people.add_to(contacts.app)
needs.add_to(contacts.app)
judging.add_to(contacts.app)
taking.add_to(contacts.app)
app.add_typer(audit.app, name="audit")
app.add_typer(contacts.app, name="contacts")
app.add_typer(figures.app, name="figures")
app.add_typer(people.app, name="person")
app.add_typer(shunted.app, name="shunted")
app.add_typer(schema.app, name="schema")
app.add_typer(staff.app, name="staff")
app.add_typer(store.app, name="store")
app.add_typer(token.app, name="token")
app.add_typer(urgent.app, name="urgent")
app.add_typer(webhook.app, name="webhook")
