"""Whole lives of projects, step by step: `+8` days pass, `?action` is tried in vain."""

_CHOSEN = "submit selection.open selection.accept evaluation.open evaluation.pass"
_NOTICED = """
    notice.open comment.file comment.uphold danger.mitigate comment.file +8 ?comment.file ?notice.close
    comment.dismiss notice.close
"""
_STAGES = "exit.assess exit.review exit.consult"
_LAUNCHED = "launch.approve launch +10"

LIVES = {
    "SZ-2023.11": (
        f"""{_CHOSEN} {_NOTICED} stb.consult {_LAUNCHED}
            exit.initiate.extend {_STAGES} exit.implement.extend ?exit.initiate.extend
            exit.initiate.normalise {_STAGES} exit.implement.normalise""",
        f"""submit.core.approval core.review core.report core.accept evaluation.pass {_NOTICED}
            approval.file stb.consult {_LAUNCHED} ground.raise exit.initiate.force {_STAGES} exit.implement.force""",
        f"""submit correction.request resubmit selection.open selection.accept evaluation.open evaluation.pass
            {_NOTICED} stb.consult {_LAUNCHED} exit.apply {_STAGES} exit.implement.end""",
    ),
    "GZ-2022.03": (
        f"""{_CHOSEN} {_NOTICED} commitment.file {_LAUNCHED} stage.open
            stage.rectify rectification.close stage.reassess stage.pass normalise""",
        """tutoring.submit tutoring.select tutoring.evaluate tutoring.pass tutoring.notice.open
           tutoring.comment.file tutoring.comment.dismiss +8 tutoring.open ?tutoring.expire +61 tutoring.expire""",
        f"""submit selection.open tutoring.reuse ?tutoring.reuse selection.decline selection.carry
            selection.open selection.accept evaluation.open evaluation.pass {_NOTICED} commitment.file {_LAUNCHED}
            stage.open ground.raise suspend ground.lift resume ground.raise exit.force""",
    ),
    "BJ-2022.09": (
        f"{_CHOSEN} {_NOTICED} {_LAUNCHED} exit.initiate.normalise exit.assess exit.implement.normalise",
        f"""{_CHOSEN} {_NOTICED} {_LAUNCHED} exit.initiate.end exit.assess exit.abandon
            exit.initiate.end exit.assess exit.implement.end""",
        f"{_CHOSEN} {_NOTICED} {_LAUNCHED} ground.raise exit.initiate.force exit.assess exit.implement.force",
    ),
}
