"""Making the sandbox misbehave and change while it is served: ``POST /__control__`` on either server.

Off unless asked for (``serve(…, control=True)``, ``--control``), on loopback only, and with no credentials: whoever can
reach the sandbox may break it. Only requests with ``Content-Type: application/json`` are taken, so that no web page can
send them unseen. A body is an object with any of::

    {"clear": true}                       disarm all faults first
    {"advance_seconds": 3600}             let company time pass; both servers share one clock
    {"mutations": [{"kind": …, …}, …]}    change the company, in this order (see ``sandbox.mutations``)
    {"faults": [{"kind": …, …}, …]}       arm faults (see ``faults``), behind those armed already

The answer, and that of ``GET /__control__``, tells ``now`` and every armed fault with how many requests ``matched`` it
and how often it ``fired``; that of a POST also what each mutation made. What is wrong with a body is told with status
400, and then nothing of it was done; only a mutation that turns out to be impossible leaves those before it in place,
as it says.

A fault says which requests it is for (``method``, ``path``, ``operation`` of GraphQL, ``body``; regular expressions,
all that are given must be found), how many of those to let pass first (``skip``) and how often to fire (``times``, null
for ever). The first armed fault that fits fires, and no other. Examples::

    {"kind": "server_error", "status": 502, "path": "changelog/bulkfetch", "times": 3}
    {"kind": "github_secondary_limit", "retry_after": 1, "operation": "^Repository$", "skip": 4}
    {"kind": "forbidden", "body": "project = .PAY", "times": null}
    {"kind": "mutation", "path": "search/jql", "skip": 1, "mutations": [{"kind": "delete", "issue": "PAY-7"}]}

From code, ``Running.jira_control`` and ``Running.github_control`` do the same without HTTP (``arm``, ``armed``,
``clear``).
"""
