"""The Conan 2 recipe. It packs the sources that it lies in."""
import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.microsoft import is_msvc

required_conan_version = ">=2.0"


class UvstreamConan(ConanFile):
    name = "uvstream"
    description = "Duplex streams over TCP sockets, pipes and terminals, on Windows and Unix"
    license = "MIT"
    topics = ("async", "io", "streams", "tcp", "pipes", "iocp", "libuv")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._root, "include", "uv", "version.h"))
        self.version = re.search(r'UVSTREAM_VERSION_STRING "(.+)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, src=self._root, dst=self.export_sources_folder)

    def config_options(self):
        if self.settings.os == "Windows":
            del self.options.fPIC

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")
        self.settings.rm_safe("compiler.cppstd")
        self.settings.rm_safe("compiler.libcxx")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["UVSTREAM_BUILD_STATIC"] = not self.options.shared
        toolchain.cache_variables["UVSTREAM_BUILD_SHARED"] = bool(self.options.shared)
        for part in ("TESTS", "EXAMPLES", "BENCH"):
            toolchain.cache_variables[f"UVSTREAM_BUILD_{part}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        # Conan writes these itself, from package_info.
        for folder in (("lib", "cmake"), ("lib", "pkgconfig"), ("share",)):
            rmdir(self, os.path.join(self.package_folder, *folder))

    def package_info(self):
        static_msvc = is_msvc(self) and not self.options.shared
        self.cpp_info.set_property("cmake_file_name", "uvstream")
        self.cpp_info.set_property("cmake_target_name", "uvstream::uvstream")
        self.cpp_info.set_property("pkg_config_name", "uvstream")
        self.cpp_info.includedirs = [os.path.join("include", "uvstream")]
        self.cpp_info.libs = ["uvstream_static" if static_msvc else "uvstream"]
        if self.options.shared:
            self.cpp_info.defines = ["USING_UV_SHARED"]
        elif self.settings.os == "Windows":
            self.cpp_info.system_libs = ["ws2_32", "mswsock", "iphlpapi", "advapi32"]
        elif self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread"]
