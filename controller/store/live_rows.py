"""What went out live, as a table."""

from sqlalchemy import BigInteger, String
from sqlmodel import Field

from controller.store.rows import ID, Row

_SHA256 = String(64)


class LiveArchiveRow(Row, table=True):
    """One stretch of one airing, as a clip."""

    __tablename__ = "live_archive"
    airing_id: str = Field(primary_key=True, foreign_key="airing.airing_id", sa_type=ID)
    started_at_us: int = Field(primary_key=True, sa_type=BigInteger)
    sha256: str = Field(sa_type=_SHA256)
    size_bytes: int = Field(sa_type=BigInteger)
    from_us: int = Field(sa_type=BigInteger)
    frames: int = Field(sa_type=BigInteger)
