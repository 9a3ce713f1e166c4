"""Streams found by the id that their leaves carry: an entry bundle names the key of a stream at its first leaf."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_streams_stream_id", "streams", ["stream_id"], unique=False)
