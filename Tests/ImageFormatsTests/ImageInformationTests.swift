// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import HostPrograms
import JSON
import TestSupport
import Testing

@testable import ImageFormats

@Suite struct ImageInformationTests {
    private let header: ImageHeader

    init() throws {
        var limits = ImageLimits()
        limits.takesUnknown = true
        header = try ImageHeader([1], suffix: [1], fileSize: 1024, limits: limits)
    }

    @Test func `what QEMU says of the same image is taken`() throws {
        try ImageExamination.checkInformation(#"{"format":"raw","virtual-size":1024}"#, agreesWith: header)
    }

    @Test(arguments: [
        #"{"format":"vmdk","virtual-size":1024}"#, #"{"format":"qcow2","virtual-size":1024}"#,
        #"{"format":"raw","virtual-size":1536}"#, #"{"format":"raw"}"#,
        #"{"format":"raw","virtual-size":1024,"backing-filename":"/etc/shadow"}"#,
        #"{"format":"raw","virtual-size":1024,"full-backing-filename":"/x"}"#,
        #"{"format":"raw","virtual-size":1024,"format-specific":{"type":"x","data":{"data-file":"/x"}}}"#,
        "{}", "[", "",
    ])
    func `anything else is refused`(text: String) {
        #expect(throws: JSONError.self) {
            try ImageExamination.checkInformation(text, agreesWith: header)
        }
    }
}

/// qemu-img is Debian's here.
@Suite struct ImageExaminationStandInTests {
    private let scratch: ScratchFolder
    private let examination = ImageExamination(qemuImg: HostProgram("/usr/bin/qemu-img"))

    init() throws { scratch = try ScratchFolder() }

    @Test(arguments: [
        ["-f", "qcow2"], ["-f", "qcow2", "-o", "compat=0.10"], ["-f", "qcow2", "-o", "extended_l2=on"],
        ["-f", "qcow2", "-o", "compression_type=zstd"], ["-f", "qcow2", "-o", "cluster_size=512"],
        ["-f", "qcow2", "-o", "cluster_size=2M"],
    ])
    func `what qemu-img makes is taken`(options: [String]) async throws {
        let path = "\(scratch.path)/image"
        try Programs.succeed("/usr/bin/qemu-img", ["create", "-q"] + options + [path, "10M"])
        let header = try await examination.examine(path, depth: .tables)
        #expect(header.virtualSize == 10 << 20)
        #expect(header.format.rawValue == options[1])
    }

    @Test func `files of the host that an image names are not opened`() async throws {
        let base = "\(scratch.path)/base"
        try Programs.succeed("/usr/bin/qemu-img", ["create", "-q", "-f", "raw", base, "1M"])
        for options in [
            ["-b", base, "-F", "raw"], ["-o", "data_file=\(scratch.path)/data"],
        ] {
            let path = "\(scratch.path)/image"
            try Programs.succeed(
                "/usr/bin/qemu-img",
                ["create", "-q", "-f", "qcow2"] + options + [path, "1M"]
            )
            await #expect(throws: ImageError.self) { try await examination.examine(path, depth: .header) }
        }
    }

    @Test func `damaged tables are found`() async throws {
        let raw = try scratch.file("raw", String(repeating: "data", count: 1 << 18))
        let path = "\(scratch.path)/image"
        try Programs.succeed("/usr/bin/qemu-img", ["convert", "-O", "qcow2", raw, path])
        _ = try await examination.examine(path, depth: .tables)
        // The first L2 entry leads far behind the end of the file.
        try Programs.succeed(
            "/usr/bin/python3",
            [
                "-c",
                """
                import struct, sys
                with open(sys.argv[1], "r+b") as f:
                    f.seek(40); l1 = struct.unpack(">Q", f.read(8))[0]
                    f.seek(l1); l2 = struct.unpack(">Q", f.read(8))[0] & 0x00fffffffffffe00
                    f.seek(l2); f.write(struct.pack(">Q", 1 << 63 | 1 << 40))
                """, path,
            ]
        )
        await #expect(throws: ImageError.self) { try await examination.examine(path, depth: .tables) }
    }
}
