"""What program.yaml may say about telling people: nothing is told unless this is configured."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from itpm_pipeline.config.values import SecretWebAddress


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MailServer(_Strict):
    """A mail server and whom to write to; without ``user`` it is used without logging in."""

    server: str
    port: int = Field(default=587, ge=1, le=65535)
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    to: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _login_is_whole_and_encrypted(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("give both user and password, or neither")
        if self.password is not None and self.encryption == "none":
            raise ValueError("the password would travel unencrypted; use encryption starttls or tls")
        return self


class Notifications(_Strict):
    """Where to tell of failed runs and of programs that turned red."""

    webhook: SecretWebAddress | None = None
    """Address of a Slack-compatible incoming webhook; whoever knows it can write there, so it is a secret."""
    email: MailServer | None = None

    @property
    def is_on(self) -> bool:
        """Somebody is to be told."""
        return self.webhook is not None or self.email is not None
