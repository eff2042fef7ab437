"""What persons may do, from where they sign in, and API tokens"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("full_name", sa.String(length=200), nullable=False, server_default=sa.text("''")),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("password_given", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("last_sign_in_at_us", sa.BigInteger(), nullable=True),
    ):
        op.add_column("person", column)
    op.create_table(
        "role_grant",
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("area_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_role_grant_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "role", "area_id", name=op.f("pk_role_grant")),
    )
    op.create_table(
        "known_address",
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("last_at_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_known_address_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "address", name=op.f("pk_known_address")),
    )
    op.create_table(
        "api_token",
        sa.Column("token_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=80), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("area_id", sa.String(length=80), nullable=False),
        sa.Column("created_at_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("expires_at_us", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_us", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_token")),
    )
    # Whoever had an account could do everything until now.
    op.execute("INSERT INTO role_grant (person_id, role, area_id) SELECT person_id, 'administrator', '*' FROM person")


def downgrade() -> None:
    op.drop_table("api_token")
    op.drop_table("known_address")
    op.drop_table("role_grant")
    for name in ("last_sign_in_at_us", "password_given", "active", "full_name"):
        op.drop_column("person", name)
