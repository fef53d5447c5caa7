#!/usr/bin/env python3
"""recipes.py WORK-FOLDER: runs the recipes of packaging/, with a small stand-in for the two package
managers (neither is needed), static and shared, and builds and runs a program with each result.

It shows that the recipes build what they say, name files and libraries that exist, and are of the
library's version. What vcpkg and Conan make of them beyond that only they can show.
"""
import json
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGING = ROOT / "packaging"
VERSION = re.search(r'UVSTREAM_VERSION_STRING "(.+)"',
                    (ROOT / "include/uv/version.h").read_text()).group(1)


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"recipes: {' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def check(condition, what):
    if not condition:
        sys.exit(f"recipes: {what}")


def libraries(package):
    return sorted(path.name for path in (package / "lib").glob("libuvstream*"))


def use(package, work, *options):
    """Builds and runs the program of the Conan recipe's test_package, which is CMake alone."""
    run("cmake", "-S", PACKAGING / "conan/test_package", "-B", work / "use",
        f"-DCMAKE_PREFIX_PATH={package}", "-DCMAKE_BUILD_TYPE=Debug", *options)
    run("cmake", "--build", work / "use")
    check(VERSION in run(work / "use" / "consumer"), "the program is not of this version")


# ---- vcpkg ---------------------------------------------------------------------------------


def vcpkg(work, shared):
    port = PACKAGING / "vcpkg/ports/uvstream"
    manifest = json.loads((port / "vcpkg.json").read_text())
    check(manifest["version"] == VERSION, f"vcpkg.json is of version {manifest['version']}")
    run("cmake", f"-DPORT_DIR={port}", f"-DLINKAGE={'dynamic' if shared else 'static'}",
        f"-DWORK={work}", "-P", Path(__file__).parent / "vcpkg_stand_in.cmake")
    use(work / "package", work)
    return work / "package"


# ---- Conan ---------------------------------------------------------------------------------


class Values(types.SimpleNamespace):
    def rm_safe(self, name):
        self.__dict__.pop(name, None)

    def get_safe(self, name, default=None):
        return self.__dict__.get(name, default)


class CppInfo(types.SimpleNamespace):
    def set_property(self, name, value):
        self.properties[name] = value


class Toolchain:
    def __init__(self, recipe):
        self.cache_variables = recipe.variables

    def generate(self):
        check(self.cache_variables, "the recipe sets no option")


class CMake:
    def __init__(self, recipe):
        self.recipe = recipe

    def configure(self):
        options = [f"-D{name}={'ON' if value else 'OFF'}"
                   for name, value in self.recipe.variables.items()]
        run("cmake", "-S", self.recipe.source_folder, "-B", self.recipe.build_folder,
            "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_INSTALL_LIBDIR=lib", *options)

    def build(self):
        run("cmake", "--build", self.recipe.build_folder, "--parallel", "2")

    def install(self):
        run("cmake", "--install", self.recipe.build_folder, "--prefix", self.recipe.package_folder)


def copy(_recipe, pattern, src, dst):
    found = [path for path in Path(src).glob(pattern) if pattern != "*"]
    check(found, f"nothing to copy for {pattern}")
    for path in found:
        target = Path(dst) / path.relative_to(src)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            shutil.copy2(path, target)


def stand_in():
    """The names that the recipe imports, as modules."""
    contents = {
        "conan": {"ConanFile": object},
        "conan.tools": {},
        "conan.tools.cmake": {"CMake": CMake, "CMakeToolchain": Toolchain,
                              "cmake_layout": lambda recipe: None},
        "conan.tools.files": {"copy": copy, "load": lambda recipe, path: Path(path).read_text(),
                              "rmdir": lambda recipe, path: shutil.rmtree(path)},
        "conan.tools.microsoft": {"is_msvc": lambda recipe: False},
    }
    for name, names in contents.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(names)


def conan(work, shared):
    path = PACKAGING / "conan/conanfile.py"
    module = types.ModuleType("conanfile")
    exec(compile(path.read_text(), path, "exec"), module.__dict__)
    recipe = module.UvstreamConan()
    recipe.settings = Values(os="Linux")
    recipe.options = Values(**{**recipe.default_options, "shared": shared})
    recipe.cpp_info = CppInfo(properties={}, system_libs=[], defines=[])
    recipe.variables = {}
    recipe.recipe_folder = str(path.parent)
    recipe.source_folder = recipe.export_sources_folder = str(work / "source")
    recipe.build_folder, recipe.package_folder = str(work / "build"), str(work / "package")
    recipe.set_version()
    check(recipe.version == VERSION, f"the recipe is of version {recipe.version}")
    for step in ("export_sources", "config_options", "configure", "layout", "generate", "build",
                 "package", "package_info"):
        getattr(recipe, step)()

    # What CMakeDeps would write: a package made of nothing but package_info.
    package, info = work / "package", recipe.cpp_info
    headers = [f'"{package / folder}"' for folder in info.includedirs]
    check((package / "licenses/LICENSE").exists(), "the package has no licence")
    (work / "deps").mkdir()
    (work / "deps" / f"{info.properties['cmake_file_name']}Config.cmake").write_text(
        f"add_library({info.properties['cmake_target_name']} INTERFACE IMPORTED)\n"
        f"target_include_directories({info.properties['cmake_target_name']} INTERFACE\n"
        f"  {' '.join(headers)})\n"
        f"target_link_directories({info.properties['cmake_target_name']} INTERFACE \"{package}/lib\")\n"
        f"target_link_libraries({info.properties['cmake_target_name']} INTERFACE\n"
        f"  {' '.join([*info.libs, *info.system_libs])})\n"
        f"target_compile_definitions({info.properties['cmake_target_name']} INTERFACE\n"
        f"  {' '.join(info.defines)})\n"
    )
    use(work / "deps", work)
    return package


def main(work):
    work = Path(work).resolve() / "recipes"
    shutil.rmtree(work, ignore_errors=True)
    stand_in()
    for recipe in (vcpkg, conan):
        for shared in (False, True):
            folder = work / f"{recipe.__name__}-{'shared' if shared else 'static'}"
            folder.mkdir(parents=True)
            found = libraries(recipe(folder, shared))
            static = "libuvstream.a" in found
            check(static != shared and shared == any(name != "libuvstream.a" for name in found),
                  f"{folder.name} has {found}")
            print(f"recipes: {folder.name}: {', '.join(found)}")


if __name__ == "__main__":
    main(sys.argv[1])
