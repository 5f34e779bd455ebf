"""A checker that needs no run: it reports what a comment in the program says is wrong."""

from backproof.errors import NoTrainingStepError, ProgramFailedError
from backproof.findings import FileReport, Finding, Fix, ParameterReport
from backproof.source import Edit, Span

FAULTY = b"# h\xc3\xb6he\r\ng = y - out  # FAULT\r\nh = y - out\n"
MENDED = b"# h\xc3\xb6he\r\ng = out - y  # FAULT\r\nh = y - out\n"
CORRECT = b"g = out - y\n"


def check_program(program, *, loss, steps, timeout, runner, explain):
    """Report a flipped sign in every line with FAULT, one without a fix for NOFIX, an info for NOTE."""
    if "CRASH" in program.text:
        raise ProgramFailedError(f"{program.filename}:1: the program stopped with ValueError.")
    if "INTERNAL" in program.text:
        raise ZeroDivisionError("oh no")
    if "INTERRUPT" in program.text:
        raise KeyboardInterrupt
    if "NOTHING" in program.text:
        raise NoTrainingStepError(f"{program.filename}: no gradient step was seen.")
    findings = []
    for row, line in enumerate(program.lines, 1):
        span = Span(row, 5, row, 12)
        if "FAULT" in line:
            fix = Fix((Edit(span, "out - y"),), "Swap the operands.", "safe", 8, 1e-16)
            findings.append(
                Finding("BP101", "sign-flipped", "error", "The sign.", span, ("W",), None, None, fix)
            )
        if "NOFIX" in line:
            fix = Fix((Edit(span, "0"),), "A guess.", "unsafe")
            findings.append(Finding("BP203", "wrong-axis", "error", "The axis.", span, fix=fix))
        if "NOTE" in line:
            findings.append(Finding("BP503", "saturated", "warning", "Flat.", span))
    faulty = any(finding.severity == "error" for finding in findings)
    asked = ParameterReport(f"{loss} {steps} {timeout}", (3,), "faulty" if faulty else "correct", 0.0)
    return FileReport(
        program.filename, "faulty" if faulty else "correct", None, None, (asked,), tuple(findings)
    )
