"""The one of several findings whose edits mend a program without those of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backproof.check.judgement import Judgement
from backproof.diagnosis.reasons import changing_factor
from backproof.findings import Finding
from backproof.pipeline.observing import Mends

MOST = 3  # findings of which each is tried by itself


def mends_alone(mends: Mends, judgement: Judgement, found: Sequence[Finding]) -> Finding | None:
    """The finding that is enough, with its edits verified; None where each leaves something wrong.

    What an optimizer has kept of a mistake, such as its shape, may look like another one on the graph.
    """
    stated = judgement.step.hypothesis.stated
    for finding in [each for each in found if each.fix is not None][:MOST]:
        assert finding.fix is not None
        run = mends.run(finding.fix.edits)
        mended = run.judgement if run is not None else None
        if mended is None or mended.declared is not None or mended.step.unread:
            continue
        if mended.step.hypothesis.stated != stated or changing_factor(mended) is not None:
            continue
        verified = mends.verified(finding.fix.edits, None)
        if verified is not None:
            points, error = verified
            fix = replace(finding.fix, applicability="safe", points=points, max_relative_error=error)
            return replace(finding, fix=fix)
    return None
