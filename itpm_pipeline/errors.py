"""Everything that may go wrong, grouped by what the caller should do next.

    ItpmError
    ├── UsageError              the person must change something; exit code 2
    │   ├── ConfigurationError      program.yaml, an environment variable, a CSV file named there
    │   └── CredentialError         the tracker refused who we are or what we may do
    ├── TrackerError            talking to a tracker went wrong; exit code 1
    │   ├── TransientError          worth another attempt (already made, in vain, when you see it)
    │   ├── RefusedError            the tracker answered, and will answer the same again
    │   └── ProtocolError           the tracker answered something its interface does not allow
    ├── WarehouseError          the database or the landing store went wrong; exit code 1
    │   ├── LockedError             another run holds it; wait and try again
    │   └── OutdatedError           what is published was built by other models than these; build anew
    ├── ModelError              a SQL model or a blocking check failed; exit code 1
    └── NotificationError       people could not be told of something; exit code 1

A message says what we were doing, to what, what came back and what to do; never a secret.
"""


class ItpmError(Exception):
    """Base of all errors this library raises on purpose. ``exit_code`` is the command line's."""

    exit_code = 1


class UsageError(ItpmError):
    """The person who runs the pipeline must change something first."""

    exit_code = 2


class ConfigurationError(UsageError):
    """A setting is missing, unknown or contradictory; the message names file, line or key."""


class CredentialError(UsageError):
    """The tracker refused the credentials, or they do not carry a needed permission."""


class TrackerError(ItpmError):
    """Talking to a tracker went wrong."""


class TransientError(TrackerError):
    """The attempt may succeed later: network failure, overload, rate limit."""


class RefusedError(TrackerError):
    """The tracker refuses this request; ``status`` is the HTTP status it gave."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class ProtocolError(TrackerError):
    """The answer contradicts the tracker's documented interface."""


class WarehouseError(ItpmError):
    """The warehouse or the landing store could not be read or written."""


class LockedError(WarehouseError):
    """Another run holds the warehouse."""


class OutdatedError(WarehouseError):
    """The published tables were built by older models, and lack what is asked of them."""


class ModelError(ItpmError):
    """A SQL model could not be built, or a blocking check found rows that break it."""


class NotificationError(ItpmError):
    """A message could not be delivered."""
