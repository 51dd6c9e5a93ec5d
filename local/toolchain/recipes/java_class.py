"""A class of this project, compiled against jars that an earlier recipe copied."""

from __future__ import annotations

import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext

SOURCES = Path(__file__).parent / "java"
_COMPILER = ("-XX:TieredStopAtLevel=1", "-m", "jdk.compiler/com.sun.tools.javac.Main")
"""Of the JVM's own modules: Debian's JRE has it, without the command javac."""


@dataclass(frozen=True)
class JavaClass:
    """java/<name>.java as lib/<name>.jar."""

    name: str

    def inputs(self) -> bytes:
        return (SOURCES / f"{self.name}.java").read_bytes()

    def build(self, context: BuildContext) -> None:
        lib = context.folder / "lib"
        path = os.pathsep.join(str(jar) for jar in sorted(lib.glob("*.jar")))
        with tempfile.TemporaryDirectory() as folder:
            source = SOURCES / f"{self.name}.java"
            context.run(context.tool_path("java"), *_COMPILER, "-d", folder, "-cp", path, source)
            with zipfile.ZipFile(lib / f"{self.name}.jar", "w") as jar:
                for compiled in sorted(Path(folder).glob("*.class")):
                    jar.writestr(zipfile.ZipInfo(compiled.name), compiled.read_bytes())
