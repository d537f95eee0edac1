"""Settings: where they come from, and how unusable ones are refused (design.md part 1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from whimbrel.settings import FILE_NAME, PUBLIC_URL_LENGTH_MAX, ROLES, SETTINGS, Address, SettingsError, load_settings

SAMPLES = {
    "data": ("a", "b", "c"),
    "listen": ("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"),
    "mqtt": ("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"),
    "database": ("sqlite:a", "sqlite:b", "sqlite:c"),
    "firmware": ("file:a", "file:b", "file:c"),
    "public-url": ("http://a", "http://b", "http://c"),
    "master-key": ("a", "b", "c"),
    "role": ("api", "gateway", "engine"),
}


def test_defaults(tmp_path: Path) -> None:
    """Without any setting everything is in `var` and reachable from this machine alone."""
    settings = load_settings({}, {}, tmp_path)
    assert (settings.listen, settings.mqtt) == (Address("127.0.0.1", 8686), Address("127.0.0.1", 1883))
    assert (settings.data, settings.database_file) == (Path("var"), Path("var/whimbrel.db"))
    assert settings.firmware_folder == Path("var/firmware")
    assert settings.roles == set(ROLES)
    assert (settings.public_url, settings.tls_cert, settings.tls_key, settings.access_key) == (None,) * 4
    assert settings.insecure is False


def test_a_database_of_postgresql(tmp_path: Path) -> None:
    """`postgresql://…` is taken as it is; then there is no database file. The master key may be shared."""
    url = "postgresql://whimbrel:s%2Fcret@db.example.com:5433/ota?sslmode=verify-full"
    settings = load_settings({"database": url, "master-key": "/etc/whimbrel.key"}, {}, tmp_path)
    assert (settings.database_url, settings.database_file) == (url, None)
    assert settings.master_key == Path("/etc/whimbrel.key")
    assert load_settings({}, {}, tmp_path).master_key == Path("var/master.key")


def test_quotas(tmp_path: Path) -> None:
    """The vendors' commercial quotas are off unless asked for."""
    assert load_settings({}, {}, tmp_path).has_vendor_quotas is False
    assert load_settings({"quotas": "vendor"}, {}, tmp_path).has_vendor_quotas is True


def test_trusted_proxies(tmp_path: Path) -> None:
    """Nobody unless listed; a list of networks, an address alone being one of itself."""
    assert load_settings({}, {}, tmp_path).trusted_proxies == ()
    settings = load_settings({"trusted-proxies": "10.0.0.0/8, 192.0.2.7,fd00::/16"}, {}, tmp_path)
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "192.0.2.7/32", "fd00::/16"]


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example.com", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.0-9"])
def test_proxies_that_cannot_be_trusted(tmp_path: Path, text: str) -> None:
    """What is no network, and everybody, is refused."""
    with pytest.raises(SettingsError, match="trusted-proxies must"):
        load_settings({"trusted-proxies": text}, {}, tmp_path)


@pytest.mark.parametrize(("text", "limits"), [("off", None), ("1,1", (1, 1)), ("9999999,20", (9_999_999, 20))])
def test_limits_of_ddi(tmp_path: Path, text: str, limits: tuple[int, int] | None) -> None:
    """hawkBit's figures unless others are given, or none."""
    assert load_settings({}, {}, tmp_path).ddi_limits == (200, 50)
    assert load_settings({"ddi-limits": text}, {}, tmp_path).ddi_limits == limits


@pytest.mark.parametrize("text", ["0,1", "1,0", "1", "1,2,3", "a,b", "10000000,1", "-1,1", "1, 2"])
def test_limits_of_ddi_that_are_none(tmp_path: Path, text: str) -> None:
    """A limit of nothing would shut the door; other forms are refused."""
    with pytest.raises(SettingsError, match="ddi-limits must be"):
        load_settings({"ddi-limits": text}, {}, tmp_path)


@pytest.mark.parametrize("url", ["postgresql:x", "postgresql://", "postgresql://host", "postgres://h/a b"])
def test_a_broken_url_is_not_shown(tmp_path: Path, url: str) -> None:
    """A05: the refusal says the form and not the URL, which may hold a password."""
    with pytest.raises(SettingsError, match="postgresql://USER") as refused:
        load_settings({"database": url}, {}, tmp_path)
    assert url not in refused.value.message or url in "postgresql://USER:PASSWORD@HOST:PORT/NAME"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://whimbrel:pa/sesame@127.0.0.1/ota",
        "postgresql://whimbrel:pa#sesame@127.0.0.1/ota",
        "postgresql://whimbrel:pa?sesame@127.0.0.1/ota",
        "postgresql://whimbrel:1/sesame@127.0.0.1/ota",
        "postgresql://whimbrel:1/ota?sesame@127.0.0.1/ota",
        "postgresql://whimbrel:pa@sesame@127.0.0.1/ota",
        "postgresql://whimbrel:sesame@127.0.0.1:port/ota",
        "Postgresql://whimbrel:sesame@127.0.0.1/ota",
        "postgresql+asyncpg://whimbrel:sesame@127.0.0.1/ota",
        "mysql://whimbrel:sesame@127.0.0.1/ota",
    ],
)
def test_A05_a_password_that_breaks_the_url_is_not_shown(tmp_path: Path, url: str) -> None:
    """Refused here, without the URL: the driver's own error quotes what it took for a port or an option."""
    with pytest.raises(SettingsError) as refused:
        load_settings({"database": url}, {}, tmp_path)
    assert "sesame" not in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgres://localhost/ota",
        "postgresql://whimbrel@/ota?host=/run/postgresql&port=5433",
        "postgresql://whimbrel:!$&'()*+,;=~%40^|@[2001:db8::1]:5432,db-2.example.com/ota",
    ],
)
def test_other_urls_of_postgresql(tmp_path: Path, url: str) -> None:
    """A socket's folder, several hosts, addresses, and every character that a password may have unescaped."""
    assert load_settings({"database": url}, {}, tmp_path).database_url == url


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_precedence(tmp_path: Path, name: str) -> None:
    """The command line wins, then the environment, then the file."""
    in_file, in_environment, on_command_line = SAMPLES[name]
    variable = f"WHIMBREL_{name.upper().replace('-', '_')}"
    (tmp_path / FILE_NAME).write_text(f'{name} = "{in_file}"\n')
    texts = []
    for command_line, environment in [
        ({name: on_command_line}, {variable: in_environment}),
        ({name: None}, {variable: in_environment}),
        ({}, {}),
    ]:
        texts.append(load_settings(command_line, environment, tmp_path))
    wanted = [load_settings({name: text}, {}, tmp_path) for text in (on_command_line, in_environment, in_file)]
    assert texts == wanted
    assert len(set(texts)) == 3


def test_every_setting_has_its_words() -> None:
    """Each setting has a name of its own, a variable, and a meaning that says something."""
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
    assert all(len(setting.meaning) > 10 for setting in SETTINGS)
    assert all(setting.variable == f"WHIMBREL_{setting.attribute.upper()}" for setting in SETTINGS)


def test_secrets_are_marked() -> None:
    """The settings that hold secrets are those of the root AccessKey, and the identity provider's."""
    secrets = {"access-key-id", "access-key-secret", "oidc-client-secret"}
    assert {setting.name for setting in SETTINGS if setting.is_secret} == secrets


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("listen", "8686"),
        ("listen", ":8686"),
        ("listen", "127.0.0.1"),
        ("listen", "127.0.0.1:65536"),
        ("listen", "127.0.0.1:-1"),
        ("listen", "127.0.0.1:http"),
        ("listen", "127.0.0.1:١"),
        ("listen", "127.0.0.1:80\n"),
        ("listen", ""),
        ("mqtt", "nonsense"),
        ("database", "mysql://localhost/x"),
        ("quotas", "some"),
        ("database", "sqlite:"),
        ("database", "whimbrel.db"),
        ("firmware", "s3://bucket"),
        ("firmware", "file:"),
        ("public-url", "ota.example"),
        ("public-url", "ftp://ota.example"),
        ("public-url", "https://"),
        ("public-url", "https://user:word@ota.example"),
        ("public-url", "https://ota.example/?a=b"),
        ("public-url", "https://ota.example/#a"),
        ("public-url", "https://[ota.example"),
        ("public-url", "https://ota.example:port"),
        ("public-url", "https://ota.example:99999"),
        ("public-url", "https://ota.example/\n"),
        ("public-url", "https://ota example/"),
        ("public-url", "https://" + "h" * (PUBLIC_URL_LENGTH_MAX - 7)),
        ("role", "king"),
        ("role", ""),
        ("role", "api,king"),
        ("insecure", "maybe"),
    ],
)
def test_refusals_name_setting_and_value(tmp_path: Path, name: str, text: str) -> None:
    """An unusable setting is refused, naming it and what was given."""
    with pytest.raises(SettingsError) as refusal:
        load_settings({name: text}, {}, tmp_path)
    assert refusal.value.message.startswith(name)
    assert text in refusal.value.message


@pytest.mark.parametrize(
    ("name", "text", "address"),
    [
        ("listen", "127.0.0.1:0", Address("127.0.0.1", 0)),
        ("listen", "localhost:65535", Address("localhost", 65_535)),
        ("mqtt", "[::1]:1883", Address("::1", 1883)),
        ("mqtt", "::1:1883", Address("::1", 1883)),
    ],
)
def test_addresses(tmp_path: Path, name: str, text: str, address: Address) -> None:
    """An address is HOST:PORT, an IPv6 host in brackets or not."""
    settings = load_settings({name: text}, {}, tmp_path)
    assert getattr(settings, name) == address
    assert str(address) in (text, "[::1]:1883")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://ota.example", "https://ota.example"),
        ("https://ota.example/", "https://ota.example"),
        ("http://127.0.0.1:8686/whimbrel/", "http://127.0.0.1:8686/whimbrel"),
        ("https://[::1]:8686", "https://[::1]:8686"),
        ("https://" + "h" * (PUBLIC_URL_LENGTH_MAX - 8), "https://" + "h" * (PUBLIC_URL_LENGTH_MAX - 8)),
    ],
)
def test_public_url(tmp_path: Path, text: str, url: str) -> None:
    """A public URL is kept without its last slash."""
    assert load_settings({"public-url": text}, {}, tmp_path).public_url == url


@pytest.mark.parametrize("text", ["sqlite:/srv/x.db", "sqlite:///srv/x.db"])
def test_absolute_paths(tmp_path: Path, text: str) -> None:
    """An absolute path may be written with one slash or as in a URL."""
    assert load_settings({"database": text}, {}, tmp_path).database_file == Path("/srv/x.db")


@pytest.mark.parametrize("name", ["listen", "mqtt"])
@pytest.mark.parametrize(
    "host", ["0.0.0.0", "[::]", "192.0.2.1", "ota.example", "127.0.0.1.example", "[::ffff:8.8.8.8]"]
)
def test_beyond_loopback_needs_tls(tmp_path: Path, name: str, host: str) -> None:
    """Listening beyond loopback is refused without TLS, unless that is asked for by name."""
    with pytest.raises(SettingsError, match="TLS") as refusal:
        load_settings({name: f"{host}:1"}, {}, tmp_path)
    assert refusal.value.message.startswith(f"{name} {host}:1")
    for more in ({"insecure": "true"}, {"tls-cert": "c", "tls-key": "k"}):
        assert load_settings({name: f"{host}:1", **more}, {}, tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_loopback_needs_no_tls(tmp_path: Path, host: str) -> None:
    """Listening on loopback needs nothing."""
    assert load_settings({"listen": f"{host}:1", "mqtt": f"{host}:2"}, {}, tmp_path)


@pytest.mark.parametrize(("one", "other"), [("tls-cert", "tls-key"), ("access-key-id", "access-key-secret")])
def test_pairs(tmp_path: Path, one: str, other: str) -> None:
    """Settings that belong together are refused alone, whichever of them is given."""
    for name in (one, other):
        with pytest.raises(SettingsError, match=f"{one} and {other}"):
            load_settings({name: "x"}, {}, tmp_path)
    assert load_settings({one: "x", other: "y"}, {}, tmp_path)


def test_access_key_from_the_environment(tmp_path: Path) -> None:
    """A root AccessKey can be given by the environment."""
    environment = {"WHIMBREL_ACCESS_KEY_ID": "id", "WHIMBREL_ACCESS_KEY_SECRET": "secret"}
    assert load_settings({}, environment, tmp_path).access_key == ("id", "secret")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b'liste = "127.0.0.1:1"', "liste"),
        (b"listen = ", FILE_NAME.encode().decode()),
        (b"\xff\xfe", FILE_NAME),
        (b'[section]\nlisten = "x"', "section"),
        (b'role = ["api"]', "role"),
        (b"mqtt = 1883", "mqtt"),
    ],
)
def test_unusable_files(tmp_path: Path, content: bytes, word: str) -> None:
    """A file that is no TOML, or says something unknown or unusable, is refused naming it."""
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(SettingsError) as refusal:
        load_settings({}, {}, tmp_path)
    assert word in refusal.value.message


@pytest.mark.parametrize(("text", "is_insecure"), [("true", True), ("false", False)])
def test_flags_in_the_file(tmp_path: Path, text: str, is_insecure: bool) -> None:
    """A flag is a boolean of TOML."""
    (tmp_path / FILE_NAME).write_text(f"insecure = {text}\n")
    assert load_settings({}, {}, tmp_path).insecure is is_insecure


@pytest.mark.parametrize("text", ["api", " api , engine ", "engine,gateway,api,console", "api,api"])
def test_roles(tmp_path: Path, text: str) -> None:
    """Roles are names joined by commas, in any order."""
    assert load_settings({"role": text}, {}, tmp_path).roles == {part.strip() for part in text.split(",")}


OIDC = {"oidc-issuer": "https://id.example.com/realms/main", "oidc-client-id": "whimbrel"}


def test_single_sign_on_is_off(tmp_path: Path) -> None:
    """Without an issuer nothing of it is there, and nobody is ever asked (A30)."""
    assert load_settings({}, {}, tmp_path).sign_on is None


def test_single_sign_on(tmp_path: Path) -> None:
    """With roles of the provider, and the secret in a file of its own."""
    (tmp_path / "secret").write_text("the secret\n")
    given = {
        **OIDC,
        "oidc-client-secret": f"file:{tmp_path}/secret",
        "oidc-role-claim": "groups",
        "oidc-roles": "a=b=ADMIN, staff=VIEWER",
    }
    found = load_settings(given, {}, tmp_path).sign_on
    assert found is not None
    assert (found.client_secret, found.user_claim, found.scopes) == ("the secret", "email", "openid email profile")
    assert found.roles == (("a=b", "ADMIN"), ("staff", "VIEWER"))


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc-issuer": "http://id.example.com"},
        {"oidc-issuer": "https://user@id.example.com"},
        {"oidc-issuer": "https://id.example.com?x=1"},
        {"oidc-issuer": "https://id.example.com:port"},
        {"oidc-issuer": None},
        {"oidc-client-id": None},
        {"oidc-client-secret": "file:/nowhere/secret"},
        {"oidc-client-secret": "x" * 1025},
        {"oidc-scopes": "email"},
        {"oidc-user-claim": ""},
        {"oidc-role-claim": "groups"},
        {"oidc-roles": "a=ADMIN"},
        {"oidc-role-claim": "groups", "oidc-roles": "a=ROOT"},
        {"oidc-role-claim": "groups", "oidc-roles": "a=ADMIN,a=VIEWER"},
    ],
    ids=str,
)
def test_single_sign_on_refused(tmp_path: Path, changes: dict[str, str | None]) -> None:
    """Before the start, and never with the secret in the message (A05)."""
    with pytest.raises(SettingsError, match="oidc") as refused:
        load_settings({**OIDC, **changes}, {}, tmp_path)
    assert "xxx" not in str(refused.value)
