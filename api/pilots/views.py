"""From the service's values to the API's shapes."""

from __future__ import annotations

from typing import Any

from api.pilots import schemas
from chain.proof.encoding import to_hex
from services.pilots import views
from services.platform.clock import rfc3339


def rulebook(found: views.RulebookView) -> schemas.RulebookView:
    """A rulebook with its settings."""
    return schemas.RulebookView(
        id=found.id,
        version=found.version,
        title=found.title,
        region=found.region,
        log=found.log_id,
        state=found.state,
        document_sha256=to_hex(found.document),
        settings_file=found.settings_name,
        settings=dict(found.settings),
        decided_by=found.decided_by,
        sample=found.sample,
        operation=found.operation_id,
        created_at=rfc3339(found.created_at),
        decided_at=rfc3339(found.decided_at) if found.decided_at else None,
    )


def project(found: views.ProjectView) -> schemas.ProjectView:
    """A project as who may read it sees it."""
    return schemas.ProjectView(
        id=found.id,
        rulebook=found.rulebook_id,
        version=found.version,
        region=found.region,
        track=found.track,
        title=found.title,
        lead=found.lead_id,
        applicants=list(found.applicants),
        state=found.state,
        state_term=found.state_term,
        flags=list(found.flags),
        open_items={kind: list(numbers) for kind, numbers in found.items.items()},
        notice_from=found.notice_from,
        ends_on=found.ends_on,
        count=found.count,
        last_leaf=to_hex(found.last_leaf) if found.last_leaf else None,
        draft_version=found.draft_version,
        pending=list(found.pending),
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
    )


def public(found: views.PublicView) -> schemas.PublicProject:
    """What everybody may know."""
    return schemas.PublicProject(
        id=found.id,
        region=found.region,
        version=found.version,
        state=found.state,
        state_term=found.state_term,
        notice_from=found.notice_from,
        ends_on=found.ends_on,
        published=dict(found.published),
    )


def material(found: views.MaterialView) -> schemas.MaterialView:
    """One version of a material."""
    return schemas.MaterialView(
        code=found.code,
        owner=found.owner,
        version=found.version,
        institution=found.institution_id,
        manifest=found.manifest_id,
        manifest_leaf=to_hex(found.manifest_leaf),
        details=dict(found.details),
        record=found.record_id,
        created_at=rfc3339(found.created_at),
    )


def material_files(found: views.MaterialFiles, project_id: str) -> schemas.MaterialFiles:
    """A material with its files."""
    place = f"/v1/pilots/{project_id}/materials/{found.material.manifest_id}/files"
    return schemas.MaterialFiles(
        material=material(found.material),
        files=[
            schemas.MaterialFile(
                place=number,
                name=each.name,
                folder=each.folder,
                media_type=each.media_type,
                size=each.digest.size,
                sha256=to_hex(each.digest.sha256),
                sm3=to_hex(each.digest.sm3),
                content=f"{place}/{number}" if each.material is not None else None,
            )
            for number, each in enumerate(found.files, 1)
        ],
    )


def confirmation(found: views.ConfirmationView) -> schemas.ConfirmationView:
    """An applicant's confirmation."""
    return schemas.ConfirmationView(
        institution=found.institution_id,
        draft_version=found.draft_version,
        record=found.record_id,
        created_at=rfc3339(found.created_at),
    )


def application(found: views.ApplicationView) -> schemas.ApplicationView:
    """The application form with what belongs to it."""
    return schemas.ApplicationView(
        project=found.project_id,
        version=found.version,
        form=dict(found.form),
        statement=dict(found.statement),
        digest=to_hex(found.digest),
        materials=[material(each) for each in found.materials],
        confirmations=[confirmation(each) for each in found.confirmations],
    )


def completeness(found: views.CompletenessView) -> schemas.CompletenessView:
    """What is missing."""
    return schemas.CompletenessView(
        project=found.project_id,
        action=found.action,
        complete=found.complete,
        digest=to_hex(found.digest),
        faults=[schemas.Fault(**each.document()) for each in found.faults],
    )


def event(found: views.EventView, project_id: str) -> schemas.EventView:
    """One event of the timeline, with where its receipt is."""
    return schemas.EventView(
        seq=found.seq,
        phase=found.phase,
        name=found.name,
        actor=found.actor_id,
        body=found.body,
        rule=found.rule,
        source=found.source,
        value=found.value,
        evidence=[dict(each) for each in found.evidence],
        record=found.record_id,
        receipt=f"/v1/pilots/{project_id}/events/{found.seq}/receipt",
        leaf_hash=to_hex(found.leaf_hash),
        operation=found.operation_id,
        outcome=found.outcome,
        request=found.request,
        reason=found.reason,
        signer=found.signer,
        state=found.state,
        transaction=found.tx_hash,
        block=found.block_number,
        accepted_at=rfc3339(found.accepted_at),
        sealed=found.sealed,
    )


def event_detail(found: views.EventDetail, project_id: str) -> schemas.EventDetail:
    """One event with its content."""
    content = None if found.content is None else dict(found.content)
    return schemas.EventDetail(**event(found.event, project_id).model_dump(), content=content)


def queue_item(found: views.QueueItem) -> schemas.QueueItem:
    """A project that waits for the caller."""
    return schemas.QueueItem(
        project=project(found.project),
        since=rfc3339(found.since),
        actions=[
            schemas.ActionView(action=each.action, body=each.body, rule=each.rule, to=each.to, needs=list(each.needs))
            for each in found.actions
        ],
        signatures=list(found.signatures),
    )


def comment(found: views.CommentView) -> schemas.CommentView:
    """A public comment."""
    content: dict[str, Any] | None = None if found.content is None else dict(found.content)
    return schemas.CommentView(
        number=found.number,
        state=found.state,
        record=found.record_id,
        received_at=rfc3339(found.received_at),
        content=content,
    )


def comment_receipt(found: views.CommentReceipt) -> schemas.CommentReceipt:
    """What a commenter keeps."""
    return schemas.CommentReceipt(
        project=found.project_id,
        number=found.number,
        origin=found.origin,
        index=found.index,
        leaf=to_hex(found.leaf),
        leaf_hash=to_hex(found.leaf_hash),
        accepted_at=rfc3339(found.accepted_at),
        anchor_by=rfc3339(found.anchor_by),
        acknowledgement=found.acknowledgement,
        document=dict(found.document),
        secret=to_hex(found.secret),
    )


def standing(found: views.ChainStanding) -> schemas.ChainStanding:
    """What the contract says."""
    return schemas.ChainStanding(
        state=found.state,
        flags=list(found.flags),
        notice_from=found.notice_from,
        ends_on=found.ends_on,
        count=found.count,
        last_leaf=to_hex(found.last_leaf),
        stream=to_hex(found.stream),
        rulebook=found.rulebook,
    )
