"""What areas were before and what became of them; where speakers stood; groups of speakers"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(length=80)
NAME = sa.String(length=200)
DAY = sa.String(length=10)


def upgrade() -> None:
    op.create_table(
        "area_past",
        sa.Column("area_id", ID, nullable=False),
        sa.Column("until", DAY, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_area_past_area_id_area")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.area_id"], name=op.f("fk_area_past_parent_id_area")),
        sa.PrimaryKeyConstraint("area_id", "until", name=op.f("pk_area_past")),
    )
    op.create_table(
        "area_successor",
        sa.Column("area_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("successor_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_area_successor_area_id_area")),
        sa.ForeignKeyConstraint(["successor_id"], ["area.area_id"], name=op.f("fk_area_successor_successor_id_area")),
        sa.PrimaryKeyConstraint("area_id", "position", name=op.f("pk_area_successor")),
    )
    op.create_table(
        "speaker_move",
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("until", DAY, nullable=False),
        sa.Column("area_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.speaker_id"], name=op.f("fk_speaker_move_speaker_id_speaker")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.area_id"], name=op.f("fk_speaker_move_area_id_area")),
        sa.PrimaryKeyConstraint("speaker_id", "until", name=op.f("pk_speaker_move")),
    )
    op.create_table(
        "speaker_group",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("stagger_s", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_speaker_group")),
    )
    op.create_table(
        "group_member",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("speaker_id", ID, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["speaker_group.group_id"], name=op.f("fk_group_member_group_id_speaker_group")
        ),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.speaker_id"], name=op.f("fk_group_member_speaker_id_speaker")
        ),
        sa.PrimaryKeyConstraint("group_id", "speaker_id", name=op.f("pk_group_member")),
    )
    op.create_index(op.f("ix_group_member_speaker_id"), "group_member", ["speaker_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_group_member_speaker_id"), table_name="group_member")
    for table in ("group_member", "speaker_group", "speaker_move", "area_successor", "area_past"):
        op.drop_table(table)
