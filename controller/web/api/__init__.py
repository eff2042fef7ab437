"""`/api/v1`: everything that the pages do, as JSON for programs. Field names are those of `controller.domain`.

Rules: one JSON object in, one out; instants are controller time in microseconds, but ``start_at`` is ISO 8601 with its
zone, as persons write it; errors are problems (RFC 9457) with a stable ``code``. A change needs the header
``X-Loa-CSRF`` with the token that signing in gave, unless an API token is shown. `endpoint` says how an endpoint is
written; each room's module holds its own.
"""
