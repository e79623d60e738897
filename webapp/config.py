"""Settings from the environment, checked at start; each error names its key.

Every field of ``Settings`` is one key of the README's configuration table (a test compares them).
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path


class ConfigurationError(Exception):
    """A setting is missing or cannot be used; the message names the key and what is expected."""


@dataclass(frozen=True)
class Settings:
    """What can be set, with the defaults of a first run on one machine."""

    database_url: str = ""
    secret_key: str = ""
    audit_key: str = ""
    audit_heads_to: str = ""
    var_folder: str = "var"
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    trusted_hosts: str = ""
    proxy_hops: int = 0
    https: bool = False
    demo_mode: bool = False
    web_workers: int = 2
    worker: str = "thread"
    embedding_model: str = ""
    sentence_encoder: str = "bundled"
    mail_backend: str = "files"
    mail_from: str = "enmusubi@localhost.example"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = True
    session_idle_minutes: int = 30
    session_hours: int = 12
    log_level: str = "INFO"
    antivirus_command: str = ""

    @property
    def folder(self) -> Path:
        """Where everything that is not in the database lives."""
        return Path(self.var_folder).resolve()

    @property
    def index_folder(self) -> Path:
        """Snapshots of the vector index; may be deleted at any time."""
        return self.folder / "index"

    @property
    def files_folder(self) -> Path:
        """The files of cases, under random names; belongs into every backup beside the database."""
        return self.folder / "files"

    @property
    def papers_folder(self) -> Path:
        """Papers and tables that were made, for some days; may be deleted at any time."""
        return self.folder / "papers"

    @property
    def traces_folder(self) -> Path:
        """Audit events of downloads that the database has not taken yet."""
        return self.folder / "traces"

    @property
    def mail_folder(self) -> Path:
        """Where mails go while ``MAIL_BACKEND`` is ``files``."""
        return self.folder / "mail"

    @property
    def audit_keys(self) -> tuple[str, ...]:
        """The key that seals the audit record, then earlier ones that still verify; none before a first run
        (``webapp.db.connect`` makes one then).
        """
        return tuple(re.findall(r"[^\s,]+", self.audit_key))

    @property
    def audit_key_file(self) -> Path:
        """Where the key is kept that no setting gives."""
        return self.folder / "audit_key"

    @property
    def audit_heads(self) -> Path:
        """One line a day: the head of the audit record, to be copied off this machine."""
        return self.folder / "audit" / "heads.log"

    @property
    def public_url(self) -> str:
        """The address that mails mention, without a slash at the end."""
        return self.base_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read and check all settings.

        Raises:
            ConfigurationError: naming the key, what was expected and what was found.
        """
        source = os.environ if environment is None else environment
        values: dict[str, object] = {}
        for field in fields(cls):
            key = field.name.upper()
            if key in source:
                values[field.name] = _convert(key, source[key], field.default)
        settings = cls(**values)  # type: ignore[arg-type]
        return settings._completed()

    def _completed(self) -> "Settings":
        changes: dict[str, object] = {}
        if not self.database_url:
            changes["database_url"] = f"sqlite:///{self.folder / 'enmusubi.db'}"
        if not self.secret_key:
            changes["secret_key"] = kept_secret(self.folder / "secret_key")
        if not self.audit_key and self.audit_key_file.exists():
            changes["audit_key"] = kept_secret(self.audit_key_file)
        result = Settings(**{**self.__dict__, **changes})
        is_empty = not result.audit_keys and (result.audit_key or result.audit_key_file.exists())
        if is_empty or any(len(key) < 32 for key in result.audit_keys):
            raise ConfigurationError(
                "AUDIT_KEY: expected keys of at least 32 characters, found a shorter one"
            )
        if result.audit_heads_to and not re.fullmatch(r"[^@\s]+@[^@\s]+", result.audit_heads_to):
            raise ConfigurationError("AUDIT_HEADS_TO: expected a mail address, found something else")
        if len(result.secret_key) < 32:
            raise ConfigurationError("SECRET_KEY: expected at least 32 characters, found fewer")
        for key, allowed in (
            ("worker", ("thread", "off")),
            ("mail_backend", ("files", "smtp")),
            ("sentence_encoder", ("bundled", "off")),
        ):
            if getattr(result, key) not in allowed:
                found = getattr(result, key)
                raise ConfigurationError(f"{key.upper()}: expected one of {allowed}, found {found!r}")
        if result.mail_backend == "smtp" and not result.smtp_host:
            raise ConfigurationError(
                "SMTP_HOST: expected a host name while MAIL_BACKEND is smtp, found nothing"
            )
        return result


def _convert(key: str, value: str, default: object) -> object:
    if isinstance(default, bool):
        if value.lower() in {"1", "true", "yes", "on"}:
            return True
        if value.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise ConfigurationError(f"{key}: expected true or false, found {value!r}")
    if isinstance(default, int):
        try:
            return int(value)
        except ValueError:
            raise ConfigurationError(f"{key}: expected a whole number, found {value!r}") from None
    return value


def kept_secret(path: Path) -> str:
    """A random secret, made once and kept beside the data, so that a first run needs no setting."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)  # first one wins when several processes start at once
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
