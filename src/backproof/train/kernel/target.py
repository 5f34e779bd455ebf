"""The machine that the kernel runs on: its vector width, and how to turn an LLVM module into a callable address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
import platform


@dataclass(frozen=True, slots=True)
class Target:
    """What the generator needs to know of the processor.

    ``lanes`` is how many float64 one vector holds; ``fma`` says whether a multiply-add is one instruction
    (where it is not, it would be a slow library call, so the generator must not ask for it).
    """

    lanes: int
    fma: bool


@cache
def host() -> Target:
    """Describe the processor of this machine.

    Four lanes are used on AVX-512 as well: small networks throw less away at four.
    """
    import llvmlite.binding as llvm

    if platform.machine().lower() in ("aarch64", "arm64"):
        return Target(lanes=2, fma=True)
    features = llvm.get_host_cpu_features()
    return Target(lanes=4 if features.get("avx") else 2, fma=bool(features.get("fma")))


@dataclass(frozen=True, slots=True)
class MachineCode:
    """Compiled code and the engine that owns it: the address is valid as long as this object lives."""

    engine: Any
    address: int
    assembly: str


def assemble(module: str, function: str, *, keep_assembly: bool = False) -> MachineCode:
    """Compile a module of LLVM assembly for this machine and find the function in it."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )
    parsed = llvm.parse_assembly(module)
    parsed.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    # The generator has unrolled and vectorised already; these passes would only cost compile time.
    tuning.loop_vectorization = False
    tuning.slp_vectorization = False
    tuning.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(parsed, builder)
    assembly = machine.emit_assembly(parsed) if keep_assembly else ""
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return MachineCode(engine, engine.get_function_address(function), assembly)
