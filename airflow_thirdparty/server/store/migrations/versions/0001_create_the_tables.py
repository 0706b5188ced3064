"""Create the tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "third_party_account_health",
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("flagged_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("flagged_code", sa.String(length=60), nullable=True),
        sa.Column("flagged_text", sa.String(length=500), nullable=True),
        sa.Column("refused_sign_in", sa.Integer(), nullable=True),
        sa.Column("failed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_text", sa.String(length=500), nullable=True),
        sa.Column("failed_sign_in", sa.Integer(), nullable=True),
        sa.Column("several_failed", sa.Boolean(), nullable=False),
        sa.Column("next_call_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("conn_id", name=op.f("third_party_account_health_pkey")),
    )
    op.create_table(
        "third_party_account_seen",
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("worked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("conn_id", name=op.f("third_party_account_seen_pkey")),
    )
    op.create_table(
        "third_party_attempts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_attempts_pkey")),
        sa.UniqueConstraint(
            "auth_manager", "user_id", "user_created", "conn_id", name="third_party_attempts_uq"
        ),
    )
    with op.batch_alter_table("third_party_attempts", schema=None) as batch_op:
        batch_op.create_index("third_party_attempts_since_idx", ["since"], unique=False)

    op.create_table(
        "third_party_authorization",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("sealed_answer", sa.Text(), nullable=True),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.String(length=2000), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("return_to", sa.String(length=2000), nullable=True),
        sa.Column("switch_subject", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("third_party_authorization_pkey")),
    )
    with op.batch_alter_table("third_party_authorization", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("idx_third_party_authorization_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "third_party_attribution",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=True),
        sa.Column("run_pk", sa.Integer(), nullable=True),
        sa.Column("run_created", UtcDateTime(timezone=True), nullable=True),
        sa.Column("backfill_id", sa.Integer(), nullable=True),
        sa.Column("clears", sa.Integer(), nullable=False),
        sa.Column("attributed", sa.Boolean(), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_attribution_pkey")),
    )
    with op.batch_alter_table("third_party_attribution", schema=None) as batch_op:
        batch_op.create_index("third_party_attribution_at_idx", ["at"], unique=False)
        batch_op.create_index(
            "third_party_attribution_person_idx",
            ["auth_manager", "user_id", "user_created", "at"],
            unique=False,
        )
        batch_op.create_index("third_party_attribution_run_pk_idx", ["run_pk"], unique=False)

    op.create_table(
        "third_party_bookmark",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("third_party_bookmark_pkey")),
    )
    op.create_table(
        "third_party_client_secret",
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conn_id", name=op.f("third_party_client_secret_pkey")),
    )
    op.create_table(
        "third_party_dag_sighting",
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("bundle_name", sa.String(length=250), nullable=False),
        sa.Column("relative_fileloc", sa.String(length=2000), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("watched_since", UtcDateTime(timezone=True), nullable=False),
        sa.Column("moved_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dag_id", name=op.f("third_party_dag_sighting_pkey")),
    )
    op.create_table(
        "third_party_delegation",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("bundle_name", sa.String(length=250), nullable=False),
        sa.Column("relative_fileloc", sa.String(length=2000), nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("on_schedule", sa.Boolean(), nullable=False),
        sa.Column("on_asset_events", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("pinned_code", sa.String(length=64), nullable=False),
        sa.Column("pinned_version", sa.String(length=250), nullable=False),
        sa.Column("pinned_imports", sa.String(length=64), nullable=False),
        sa.Column("contested_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("entitled", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_delegation_pkey")),
        sa.UniqueConstraint("dag_id", "conn_id", name="third_party_delegation_uq"),
    )
    op.create_table(
        "third_party_leader_lease",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("third_party_leader_lease_pkey")),
    )
    op.create_table(
        "third_party_notice",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("told_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("third_party_notice_pkey")),
    )
    with op.batch_alter_table("third_party_notice", schema=None) as batch_op:
        batch_op.create_index("third_party_notice_seen_at_idx", ["seen_at"], unique=False)

    op.create_table(
        "third_party_revocation",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("give_up_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("failed_code", sa.String(length=60), nullable=True),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_revocation_pkey")),
    )
    with op.batch_alter_table("third_party_revocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("idx_third_party_revocation_next_at"), ["next_at"], unique=False)

    op.create_table(
        "third_party_sign_in",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sealed_access", sa.Text(), nullable=False),
        sa.Column("sealed_refresh", sa.Text(), nullable=True),
        sa.Column("access_issued_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("access_expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("expiry_assumed", sa.Boolean(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("asked_scopes", sa.Text(), nullable=True),
        sa.Column("extra_scopes", sa.Text(), nullable=True),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("subject_name", sa.String(length=500), nullable=False),
        sa.Column("binding", sa.Text(), nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=False),
        sa.Column("signed_in_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("refreshed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lapsed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lapsed_code", sa.String(length=60), nullable=True),
        sa.Column("lapsed_text", sa.String(length=500), nullable=True),
        sa.Column("unknown_times", sa.Integer(), nullable=False),
        sa.Column("unknown_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("unknown_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("soft_lapsed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_kind", sa.String(length=20), nullable=True),
        sa.Column("failed_code", sa.String(length=60), nullable=True),
        sa.Column("failed_text", sa.String(length=500), nullable=True),
        sa.Column("retry_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_sign_in_pkey")),
        sa.UniqueConstraint(
            "auth_manager", "user_id", "user_created", "conn_id", name="third_party_sign_in_uq"
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("third_party_sign_in", schema=None) as batch_op:
        batch_op.create_index(
            "third_party_sign_in_conn_id_idx", ["conn_id", "lapsed_at", "soft_lapsed_at"], unique=False
        )
        batch_op.create_index("third_party_sign_in_lease_until_idx", ["lease_until"], unique=False)
        batch_op.create_index("third_party_sign_in_soft_lapsed_at_idx", ["soft_lapsed_at"], unique=False)

    op.create_table(
        "third_party_sign_in_count",
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("sign_ins", sa.Integer(), nullable=False),
        sa.Column("lapsed", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conn_id", name=op.f("third_party_sign_in_count_pkey")),
    )
    op.create_table(
        "third_party_usage",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ti_id", sa.String(length=36), nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("dag_id", sa.String(length=250), nullable=False),
        sa.Column("run_id", sa.String(length=250), nullable=False),
        sa.Column("task_id", sa.String(length=250), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("auth_manager", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_created", sa.String(length=40), nullable=False),
        sa.Column("user_name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_usage_pkey")),
        sa.UniqueConstraint("ti_id", "conn_id", name="third_party_usage_uq"),
    )
    with op.batch_alter_table("third_party_usage", schema=None) as batch_op:
        batch_op.create_index(
            "third_party_usage_account_idx",
            ["conn_id", "auth_manager", "user_id", "user_created"],
            unique=False,
        )
        batch_op.create_index("third_party_usage_last_at_idx", ["last_at"], unique=False)
        batch_op.create_index(
            "third_party_usage_person_idx",
            ["auth_manager", "user_id", "user_created", "last_at"],
            unique=False,
        )
        batch_op.create_index(
            "third_party_usage_task_idx", ["dag_id", "run_id", "task_id", "map_index"], unique=False
        )

    op.create_table(
        "third_party_wait",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("ti_id", sa.String(length=36), nullable=False),
        sa.Column("conn_id", sa.String(length=250), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("third_party_wait_pkey")),
        sa.UniqueConstraint("ti_id", "conn_id", name="third_party_wait_uq"),
    )
    with op.batch_alter_table("third_party_wait", schema=None) as batch_op:
        batch_op.create_index("third_party_wait_last_at_idx", ["last_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("third_party_wait", schema=None) as batch_op:
        batch_op.drop_index("third_party_wait_last_at_idx")

    op.drop_table("third_party_wait")
    with op.batch_alter_table("third_party_usage", schema=None) as batch_op:
        batch_op.drop_index("third_party_usage_task_idx")
        batch_op.drop_index("third_party_usage_person_idx")
        batch_op.drop_index("third_party_usage_last_at_idx")
        batch_op.drop_index("third_party_usage_account_idx")

    op.drop_table("third_party_usage")
    op.drop_table("third_party_sign_in_count")
    with op.batch_alter_table("third_party_sign_in", schema=None) as batch_op:
        batch_op.drop_index("third_party_sign_in_soft_lapsed_at_idx")
        batch_op.drop_index("third_party_sign_in_lease_until_idx")
        batch_op.drop_index("third_party_sign_in_conn_id_idx")

    op.drop_table("third_party_sign_in")
    with op.batch_alter_table("third_party_revocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("idx_third_party_revocation_next_at"))

    op.drop_table("third_party_revocation")
    with op.batch_alter_table("third_party_notice", schema=None) as batch_op:
        batch_op.drop_index("third_party_notice_seen_at_idx")

    op.drop_table("third_party_notice")
    op.drop_table("third_party_leader_lease")
    op.drop_table("third_party_delegation")
    op.drop_table("third_party_dag_sighting")
    op.drop_table("third_party_client_secret")
    op.drop_table("third_party_bookmark")
    with op.batch_alter_table("third_party_attribution", schema=None) as batch_op:
        batch_op.drop_index("third_party_attribution_run_pk_idx")
        batch_op.drop_index("third_party_attribution_person_idx")
        batch_op.drop_index("third_party_attribution_at_idx")

    op.drop_table("third_party_attribution")
    with op.batch_alter_table("third_party_authorization", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("idx_third_party_authorization_expires_at"))

    op.drop_table("third_party_authorization")
    with op.batch_alter_table("third_party_attempts", schema=None) as batch_op:
        batch_op.drop_index("third_party_attempts_since_idx")

    op.drop_table("third_party_attempts")
    op.drop_table("third_party_account_seen")
    op.drop_table("third_party_account_health")
