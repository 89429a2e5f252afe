"""Builds the peers that the comparisons run: llama.cpp of llama-cpp-python's source package, ik_llama.cpp of
ik-llama-cpp-python's. Only the standard library is needed."""
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

VERSION = "0.3.36"
IK_VERSION = "0.1.5"


def run(command: list[str], **options) -> subprocess.CompletedProcess:
    result = subprocess.run(command, text=True, capture_output=True, **options)
    if result.returncode != 0:
        sys.exit(f"{shlex.join(map(str, command))} ended with {result.returncode}:\n{result.stderr[-2000:]}")
    return result


PROGRAMS = ["llama-bench", "llama-batched-bench"]


# With these the peers use what AVX2 has, and no more, whatever the processor has.
AVX2_ALONE = ["-DGGML_NATIVE=OFF", "-DGGML_AVX2=ON", "-DGGML_FMA=ON", "-DGGML_F16C=ON"]


def build_in(directory: pathlib.Path, avx2: bool) -> tuple[pathlib.Path, list[str]]:
    """Where a peer is built, and for which processor."""
    return (directory / "build-avx2", AVX2_ALONE) if avx2 else (directory / "build", ["-DGGML_NATIVE=ON"])


def install(cache: pathlib.Path, names: list[str] = PROGRAMS, avx2: bool = False) -> pathlib.Path:
    """Builds llama.cpp's library, programs of it and its Python binding; returns the directory of its programs."""
    build, processor_flags = build_in(cache, avx2)
    programs = build / "bin"
    python = cache / "venv" / "bin" / "python"
    if not all((programs / name).exists() for name in ["libllama.so", *names]):
        cache.mkdir(parents=True, exist_ok=True)
        print(f"Building llama.cpp of llama-cpp-python {VERSION} in {cache}; this takes minutes.", file=sys.stderr)
        if not python.exists():
            run([sys.executable, "-m", "venv", str(cache / "venv")])
        cmake = shutil.which("cmake")
        if cmake is None:
            run([str(python), "-m", "pip", "install", "cmake"])
            cmake = str(cache / "venv" / "bin" / "cmake")
        # Only this package from source: "all" would build CMake from source too.
        run([str(python), "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python",
             f"llama-cpp-python=={VERSION}", "-d", str(cache)])
        run(["tar", "-C", str(cache), "-xf", str(cache / f"llama_cpp_python-{VERSION}.tar.gz")])
        source = cache / f"llama_cpp_python-{VERSION}" / "vendor" / "llama.cpp"
        run([cmake, "-S", str(source), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release", *processor_flags,
             "-DLLAMA_CURL=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
             "-DLLAMA_BUILD_SERVER=OFF"], env={**os.environ, **compilers()})
        run([cmake, "--build", str(build), "-j", str(os.cpu_count() or 1), "--target", "llama", *names])
        # The binding uses the library that was just built, so nothing is compiled twice.
        run([str(python), "-m", "pip", "install", str(cache / f"llama_cpp_python-{VERSION}.tar.gz")],
            env={**os.environ, "CMAKE_ARGS": "-DLLAMA_BUILD=OFF"})
    return programs


def compilers() -> dict[str, str]:
    """Clang where the processor has tiles: GCC 12 drops what configures them, and llama.cpp dies."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if shutil.which("clang++") and cpuinfo.exists() and " amx_tile " in cpuinfo.read_text():
        return {"CC": "clang", "CXX": "clang++"}
    return {}


def install_ik(cache: pathlib.Path, avx2: bool = False) -> pathlib.Path:
    """Builds ik_llama.cpp's benchmark; returns the directory of its programs."""
    directory = cache / "ik"
    build, processor_flags = build_in(directory, avx2)
    programs = build / "bin"
    if not (programs / "llama-bench").exists():
        python = str(cache / "venv" / "bin" / "python")
        print(f"Building ik_llama.cpp of ik-llama-cpp-python {IK_VERSION} in {directory}; this takes many minutes.",
              file=sys.stderr)
        cmake = shutil.which("cmake") or str(cache / "venv" / "bin" / "cmake")
        directory.mkdir(parents=True, exist_ok=True)
        run([python, "-m", "pip", "download", "--no-deps", "--no-binary", "ik-llama-cpp-python",
             f"ik-llama-cpp-python=={IK_VERSION}", "-d", str(directory)])
        run(["tar", "-C", str(directory), "-xf", str(directory / f"ik_llama_cpp_python-{IK_VERSION}.tar.gz")])
        source = directory / f"ik_llama_cpp_python-{IK_VERSION}" / "vendor" / "ik_llama.cpp"
        # The source package lacks the script that fills in what the programs say of their version.
        script = source / "common" / "cmake" / "build-info-gen-cpp.cmake"
        script.parent.mkdir(exist_ok=True)
        script.write_text("if(NOT BUILD_NUMBER)\n  set(BUILD_NUMBER 0)\nendif()\n"  # outside a git repository
                          "configure_file(common/build-info.cpp.in common/build-info.cpp)\n")
        # Attention over caches of every pair of types takes most of the time to build; 16 bits are what is measured.
        run([cmake, "-S", str(source), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release", *processor_flags,
             "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_SERVER=OFF", "-DGGML_IQK_FA_ALL_QUANTS=OFF"])
        run([cmake, "--build", str(build), "-j", str(os.cpu_count() or 1), "--target", "llama-bench"])
    return programs
