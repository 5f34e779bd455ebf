"""The machine that the kernel runs on: its vector width, and compiling for it."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from backproof.training.kernel.precision import Precision


@dataclass(frozen=True, slots=True)
class Target:
    """What the generator needs to know of the processor.

    ``lanes`` is how many float64 one vector of a single network holds, ``widest`` how many the largest vector
    does, which serves as many networks side by side; ``fma`` says whether a multiply-add is one instruction
    (where it is not, it would be a slow library call, so the generator must not ask for it). ``triple``,
    ``cpu`` and ``features`` are LLVM's words for the processor.
    """

    lanes: int
    widest: int
    fma: bool
    triple: str
    cpu: str
    features: str

    def of(self, precision: Precision) -> Target:
        """The same processor, counting numbers of another size."""
        factor = 64 // precision.bits
        return replace(self, lanes=self.lanes * factor, widest=self.widest * factor)


@cache
def host() -> Target:
    """Describe the processor of this machine.

    Four lanes are used on AVX-512 as well: small networks throw less away at four.
    """
    import llvmlite.binding as llvm

    triple, cpu = llvm.get_default_triple(), llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features()
    if platform.machine().lower() in ("aarch64", "arm64"):
        return Target(2, 2, True, triple, cpu, features.flatten())
    lanes = 4 if features.get("avx") else 2
    widest = 8 if features.get("avx512f") else lanes
    return Target(lanes, widest, bool(features.get("fma")), triple, cpu, features.flatten())


def llvm_version() -> str:
    """The version of the compiler."""
    import llvmlite.binding as llvm

    return ".".join(map(str, llvm.llvm_version_info))


@dataclass(frozen=True, slots=True)
class MachineCode:
    """Compiled code and the engine that owns it: the address is valid as long as this object lives."""

    engine: Any
    address: int


def assemble(
    module: str, function: str, target: Target, symbols: Mapping[str, int] | None = None
) -> MachineCode:
    """Compile a module of LLVM assembly for this machine and find the function in it.

    ``symbols`` are the addresses of functions that it calls besides those of the C library.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name, address in (symbols or {}).items():
        llvm.add_symbol(name, address)
    parsed, machine = _optimized(module, target)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return MachineCode(engine, engine.get_function_address(function))


def assembly(module: str, target: Target) -> str:
    """Give the processor's assembly of a module; the target need not be this machine."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    parsed, machine = _optimized(module, target)
    return str(machine.emit_assembly(parsed))


def _optimized(module: str, target: Target) -> tuple[Any, Any]:
    import llvmlite.binding as llvm

    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, jit=True
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
    return parsed, machine
