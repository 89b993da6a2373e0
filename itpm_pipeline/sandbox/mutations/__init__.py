"""Changes of the served company, as people make them: what trackers show afterwards changes as with the real ones.

From code::

    running.jira_editor.update("PAY-12", status="Done", points=3)
    running.github_editor.transfer("checkout#7", "billing")

Over HTTP (see ``sandbox.control``) the same are objects with ``kind``, the method's name, and its parameters::

    {"kind": "update", "issue": "PAY-12", "status": "Done", "points": 3}

``churn.change_some`` changes a share of all issues at once.

Each mutation happens a second after the one before: it lets the company's clock go on, so that the servers' time, an
issue's update and its history agree. Editors need the company for themselves: no request may be under way.
"""
