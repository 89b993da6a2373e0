"""By which certificate authorities a tracker's server is verified. It always is: there is no switch to turn it off."""

import ssl
from pathlib import Path

from itpm_pipeline.errors import ConfigurationError


def authorities(tracker: str, ca_file: Path | None) -> str | bool:
    """What requests wants for ``verify``: the file of own authorities, else True for those that browsers know.

    ConfigurationError: the file cannot be read, or holds no certificate.
    """
    if ca_file is None:
        return True
    try:
        ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise ConfigurationError(f"{tracker}: ca_file {ca_file} holds no certificate in PEM format") from None
    except OSError as error:
        raise ConfigurationError(f"{tracker}: cannot read ca_file {ca_file}: {error.strerror}") from None
    return str(ca_file)
