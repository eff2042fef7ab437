"""Sounds, variants, tunes, programmes, history, and pronunciations"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
WORD = sa.String(length=40)
NAME = sa.String(length=200)


def upgrade() -> None:
    _make_sounds()
    _make_the_rest()
    _move_bulletins()
    _move_airings()


def _make_sounds() -> None:
    op.create_table(
        "sound",
        sa.Column("sound_id", ID, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("language", WORD, nullable=False),
        sa.Column("words_per_minute", sa.Integer(), nullable=False),
        sa.Column("voice", ID, nullable=False),
        sa.Column("file_name", NAME, nullable=False),
        sa.Column("profile", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", NAME, nullable=False),
        sa.Column("failure", WORD, nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=False),
        sa.Column("peaks", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("integrated_lufs", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("sound_id", name=op.f("pk_sound")),
    )
    op.create_index(op.f("ix_sound_state"), "sound", ["state"])
    op.create_table(
        "sound_clip",
        sa.Column("sound_id", ID, nullable=False),
        sa.Column("rendition", WORD, nullable=False),
        sa.Column("sha256", ID, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sound_id"], ["sound.sound_id"], name=op.f("fk_sound_clip_sound_id_sound")),
        sa.PrimaryKeyConstraint("sound_id", "rendition", name=op.f("pk_sound_clip")),
    )
    op.create_index(op.f("ix_sound_clip_sha256"), "sound_clip", ["sha256"])
    op.create_table(
        "variant",
        sa.Column("bulletin_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", WORD, nullable=False),
        sa.Column("sound_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["bulletin_id"], ["bulletin.bulletin_id"], name=op.f("fk_variant_bulletin_id_bulletin")
        ),
        sa.ForeignKeyConstraint(["sound_id"], ["sound.sound_id"], name=op.f("fk_variant_sound_id_sound")),
        sa.PrimaryKeyConstraint("bulletin_id", "position", name=op.f("pk_variant")),
    )
    op.create_index(op.f("ix_variant_sound_id"), "variant", ["sound_id"])


def _make_the_rest() -> None:
    op.create_table(
        "tune",
        sa.Column("tune_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("sound_id", ID, nullable=False),
        sa.Column("area_id", ID, nullable=True),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_tune_area_id_area")),
        sa.ForeignKeyConstraint(["sound_id"], ["sound.sound_id"], name=op.f("fk_tune_sound_id_sound")),
        sa.PrimaryKeyConstraint("tune_id", name=op.f("pk_tune")),
    )
    op.create_table(
        "programme",
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("title", NAME, nullable=False),
        sa.Column("airing_class", WORD, nullable=False),
        sa.Column("area_id", ID, nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("opening", ID, nullable=True),
        sa.Column("closing", ID, nullable=True),
        sa.Column("pause_s", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        *_made_and_changed(),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_programme_area_id_area")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_programme")),
    )
    op.create_index(op.f("ix_programme_area_id"), "programme", ["area_id"])
    op.create_index(op.f("ix_programme_changed_at_us"), "programme", ["changed_at_us"])
    op.create_table(
        "revision",
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "number", name=op.f("pk_revision")),
    )
    op.create_table(
        "pronunciation",
        sa.Column("language", WORD, nullable=False),
        sa.Column("written", NAME, nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", NAME, nullable=False),
        sa.PrimaryKeyConstraint("language", "written", name=op.f("pk_pronunciation")),
    )


def _made_and_changed() -> list["sa.Column[Any]"]:
    return [
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", NAME, nullable=False),
        sa.Column("changed_at_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", NAME, nullable=False),
    ]


def _move_bulletins() -> None:
    """Each bulletin so far was one text or recording in one language: that becomes its first variant."""
    # The former lists of findings held their codes alone.
    op.execute(
        "INSERT INTO sound (sound_id, source, text, language, words_per_minute, voice, file_name, profile, state, "
        "created_at_us, created_by, failure, failure_detail, peaks, findings, marks, integrated_lufs) "
        "SELECT 'sd-' || bulletin_id, source, CASE WHEN source = 'text' THEN text END, "
        "CASE WHEN source = 'text' THEN language ELSE '' END, words_per_minute, '', "
        "CASE WHEN source = 'text' THEN '' ELSE title END, 'plain', state, created_at_us, created_by, failure, "
        "failure_detail, peaks, '[]', '[]', integrated_lufs FROM bulletin"
    )
    op.execute(
        "INSERT INTO sound_clip (sound_id, rendition, sha256, size_bytes, frames) "
        "SELECT 'sd-' || bulletin_id, rendition, sha256, size_bytes, frames FROM bulletin_clip"
    )
    op.execute(
        "INSERT INTO variant (bulletin_id, position, language, sound_id) "
        "SELECT bulletin_id, 0, language, 'sd-' || bulletin_id FROM bulletin"
    )
    _move_findings()
    with op.batch_alter_table("bulletin") as batch:
        batch.drop_index("ix_bulletin_state")
        for gone in ("language", "source", "text", "words_per_minute", "state", "failure", "failure_detail", "peaks"):
            batch.drop_column(gone)
        batch.drop_column("findings")
        batch.drop_column("integrated_lufs")
        batch.add_column(sa.Column("area_id", ID, nullable=True))
        batch.add_column(sa.Column("origin", WORD, nullable=False, server_default="station"))
        batch.add_column(sa.Column("sender", NAME, nullable=False, server_default=""))
        batch.add_column(sa.Column("opening", ID, nullable=True))
        batch.add_column(sa.Column("closing", ID, nullable=True))
        batch.add_column(sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("pause_s", sa.Float(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("expires_at_us", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("changed_at_us", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("changed_by", NAME, nullable=False, server_default=""))
        batch.create_foreign_key(op.f("fk_bulletin_area_id_area"), "area", ["area_id"], ["area_id"])
    op.execute("UPDATE bulletin SET changed_at_us = created_at_us, changed_by = created_by")
    with op.batch_alter_table("bulletin") as batch:
        for column in ("origin", "sender", "times", "pause_s", "revision", "withdrawn", "changed_at_us", "changed_by"):
            batch.alter_column(column, server_default=None)
        batch.create_index(op.f("ix_bulletin_area_id"), ["area_id"])
        batch.create_index(op.f("ix_bulletin_changed_at_us"), ["changed_at_us"])


def _move_findings() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT bulletin_id, findings FROM bulletin")).all()
    for bulletin_id, written in rows:
        codes = json.loads(written) if isinstance(written, str) else written
        findings = [{"code": code, "remedy": "kept", "values": {}} for code in codes or []]
        if findings:
            connection.execute(
                sa.text("UPDATE sound SET findings = :findings WHERE sound_id = :sound_id"),
                {"findings": json.dumps(findings), "sound_id": f"sd-{bulletin_id}"},
            )


def _move_airings() -> None:
    """An airing keeps what it consisted of: the one clip of its bulletin, in its renditions."""
    with op.batch_alter_table("airing") as batch:
        batch.drop_constraint(op.f("fk_airing_bulletin_id_bulletin"), type_="foreignkey")
        batch.drop_index("ix_airing_bulletin_id")
        batch.alter_column("bulletin_id", new_column_name="content_id", existing_type=ID, existing_nullable=False)
        batch.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("airing_class", WORD, nullable=False, server_default="ordinary"))
        batch.add_column(sa.Column("sequence", sa.JSON(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    clips: dict[str, dict[str, object]] = {}
    for row in connection.execute(sa.text("SELECT * FROM bulletin_clip")).mappings():
        clip = {"sha256": row["sha256"], "size_bytes": row["size_bytes"], "frames": row["frames"]}
        clips.setdefault(row["bulletin_id"], {})[row["rendition"]] = clip
    for bulletin_id, renditions in clips.items():
        connection.execute(
            sa.text("UPDATE airing SET sequence = :sequence WHERE content_id = :bulletin_id"),
            {"sequence": json.dumps([{"type": "clip", "renditions": renditions}]), "bulletin_id": bulletin_id},
        )
    op.execute(
        "UPDATE airing SET airing_class = "
        "(SELECT airing_class FROM bulletin WHERE bulletin.bulletin_id = airing.content_id)"
    )
    with op.batch_alter_table("airing") as batch:
        for column in ("revision", "airing_class", "sequence"):
            batch.alter_column(column, server_default=None)
        batch.create_index(op.f("ix_airing_content_id"), ["content_id"])
    op.drop_index("ix_bulletin_clip_sha256", "bulletin_clip")
    op.drop_table("bulletin_clip")


def downgrade() -> None:
    raise NotImplementedError("a bulletin of several languages does not fit into the former tables")
