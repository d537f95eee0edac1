"""What every answer of the console says about itself to a browser (A10, ADR 0053)."""

from __future__ import annotations

from whimbrel.asgi import Headers

HSTS_SECONDS = 31_536_000
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
#: Of answers that are no page and no part of one: nothing that is read into them by mistake does anything.
_DATA_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), display-capture=()",
    ),
)
_HSTS = (b"strict-transport-security", b"max-age=%d" % HSTS_SECONDS)
POLICY = b"content-security-policy"


def page_policy(nonce: str | None = None) -> tuple[bytes, bytes]:
    """The header for pages and their parts. With a nonce, the style sheets that bear it count as ours."""
    return POLICY, _PAGE_POLICY.format(nonce=f" 'nonce-{nonce}'" if nonce else "").encode()


def secured(headers: Headers, *, has_tls: bool) -> Headers:
    """With what every answer has; what the answer says of itself stays. HSTS only where this process speaks TLS."""
    said = {name for name, _ in headers}
    default = [] if POLICY in said else [(POLICY, _DATA_POLICY)]
    return [*headers, *default, *_ALWAYS, *([_HSTS] if has_tls else [])]
