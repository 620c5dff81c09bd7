// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import KVMProbe

@Suite struct ProbeImageTests {
    /// Skipped where there is no assembler; the build image of CI has one.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/as")))
    func `the bytes are what the assembly source says`() throws {
        let scratch = try ScratchFolder()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let (object, image) = ("\(scratch.path)/probe.o", "\(scratch.path)/probe.bin")
        try Programs.succeed(
            "/usr/bin/as",
            ["--64", "-o", object, "\(root)/Sources/Runtime/KVMProbe/probe.S"]
        )
        try Programs.succeed(
            "/usr/bin/ld",
            ["-m", "elf_x86_64", "-Ttext", "0", "-e", "0", "--oformat", "binary", "-o", image, object]
        )
        #expect(FileManager.default.contents(atPath: image) == Data(ProbeImage.bytes))
    }
}
