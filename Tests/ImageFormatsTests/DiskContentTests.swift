// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import HostPrograms
import TestSupport
import Testing

@testable import ImageFormats

/// Raw images, of bytes that are written by hand.
@Suite struct DiskContentTests {
    /// A disk of zeros with some bytes in it.
    private static func disk(_ size: Int = 256 << 10, _ parts: (offset: Int, bytes: [UInt8])...) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        for part in parts {
            bytes.replaceSubrange(part.offset..<part.offset + part.bytes.count, with: part.bytes)
        }
        return bytes
    }

    private static func examine(_ bytes: [UInt8], size: Int? = nil) -> String {
        do throws(FormatRefusal) {
            let header = try ImageHeader(
                bytes,
                suffix: bytes.suffix(ImageHeader.suffixBytes),
                fileSize: UInt64(size ?? bytes.count),
                limits: ImageLimits()
            )
            return "taken as \(header.format)"
        } catch {
            return error.reason
        }
    }

    private static let mark: (offset: Int, bytes: [UInt8]) = (510, [0x55, 0xaa])

    @Test func `a disk in which nothing is known is refused, and a key allows it`() throws {
        #expect(Self.examine(Self.disk()).contains("nothing in it is known"))
        #expect(Self.examine(Self.disk()).contains("it begins with zeros"))
        #expect(Self.examine(Self.disk(4096, (0, [0xde, 0xad]))).contains("it begins with de ad 00"))
        var limits = ImageLimits()
        limits.takesUnknown = true
        let header = try ImageHeader(Self.disk(), suffix: [], fileSize: 256 << 10, limits: limits)
        #expect(header.format == .raw)
        // The key is for disks: what is known to be another thing stays refused.
        #expect(throws: FormatRefusal.self) {
            try ImageHeader(Array("<!-- x -->".utf8), suffix: [], fileSize: 512, limits: limits)
        }
    }

    @Test func `a boot sector alone is a disk`() {
        #expect(Self.examine(Self.disk(512, Self.mark)) == "taken as raw")
        // Code where a partition table would be.
        #expect(Self.examine(Self.disk(512, Self.mark, (446, [0xeb, 0xfe, 0x90, 0x90]))) == "taken as raw")
    }

    @Test func `a fixed VHD is known by its end`() {
        let vhd = Self.disk(1 << 20, Self.mark, ((1 << 20) - 512, Array("conectix".utf8)))
        #expect(Self.examine(vhd).contains("fixed VHD"))
        // Virtual PC before 2004 wrote a footer of 511 bytes.
        let early = Self.disk((1 << 20) - 1, Self.mark, ((1 << 20) - 512, Array("conectix".utf8)))
        #expect(Self.examine(early).contains("fixed VHD"))
        let other = Self.disk(1 << 20, Self.mark, ((1 << 20) - 1024, Array("conectix".utf8)))
        #expect(Self.examine(other) == "taken as raw")
    }

    @Test func `partitions that end behind the file tell that it was cut`() {
        // From sector 1 on, 1000 sectors.
        let entry: [UInt8] = [0x80, 0, 0, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0xe8, 3, 0, 0]
        let table = Self.disk(4096, Self.mark, (446, entry))
        #expect(Self.examine(table, size: 1001 * 512) == "taken as raw")
        #expect(Self.examine(table, size: 1001 * 512 + 4096) == "taken as raw")
        #expect(Self.examine(table, size: 1000 * 512).contains("cut short"))
        #expect(Self.examine(table, size: 1000 * 512 + 100).contains("cut short"))
    }

    @Test func `a GUID partition table says where its last block is`() {
        // Last usable block: 2000.
        let header = Array("EFI PART".utf8)
        let table = Self.disk(4096, Self.mark, (512, header), (512 + 48, [0xd0, 7]))
        #expect(Self.examine(table, size: 2001 * 512) == "taken as raw")
        #expect(Self.examine(table, size: 2000 * 512).contains("GUID partition table speaks of 1024512"))
        let large = Self.disk(8192, (4096, header), (4096 + 48, [0xd0, 7]))
        #expect(Self.examine(large, size: 2001 * 4096) == "taken as raw")
        #expect(Self.examine(large, size: 2000 * 4096).contains("cut short"))
    }

    @Test(arguments: [
        (32_769, "CD001"), (0, "XFSB"), (65_600, "_BHRfS_M"), (32_768, "JFS1"), (65_588, "ReIsEr2Fs"),
        (32, "NXSB"),
        (512, "LABELONE"), (4086, "SWAPSPACE2"), (32_769, "BEA01"),
    ])
    func `a file system is a disk`(offset: Int, mark: String) {
        #expect(Self.examine(Self.disk(256 << 10, (offset, Array(mark.utf8)))) == "taken as raw")
    }

    @Test func `no bytes stop the examination`() {
        let marks = ["EFI PART", "CD001", "XFSB", "_BHRfS_M", "hsqs", "NTFS    ", "EXFAT   ", "FAT32", "FAT"]
        let places = [0, 3, 54, 82, 512, 4096, 32_769, 65_600]
        for _ in 0..<3000 {
            var bytes = Self.disk(66 << 10, Self.mark, (1080, [0x53, 0xef]))
            for _ in 0..<4 {
                let mark = Array((marks.randomElement() ?? "").utf8)
                let place = places.randomElement() ?? 0
                bytes.replaceSubrange(place..<place + mark.count, with: mark)
            }
            for _ in 0..<40 { bytes[Int.random(in: 0..<2048)] = UInt8.random(in: 0...255) }
            for _ in 0..<20 { bytes[65_600 + Int.random(in: 0..<200)] = 0xff }
            let length = Int.random(in: 1...bytes.count)
            _ = Self.examine(Array(bytes[..<length]), size: [length, 512, 1 << 40].randomElement())
        }
    }
}

/// The tools are Debian's.
@Suite struct DiskContentStandInTests {
    private let scratch: ScratchFolder
    private let examination = ImageExamination(qemuImg: HostProgram("/usr/bin/qemu-img"))

    init() throws { scratch = try ScratchFolder() }

    private func make(_ script: String) throws -> String {
        let path = "\(scratch.path)/image"
        try Programs.succeed("/bin/sh", ["-ec", "cd \(scratch.path); truncate -s 0 image; \(script)"])
        return path
    }

    @Test(arguments: [
        "truncate -s 16M image; mkfs.ext4 -q image", "truncate -s 16M image; mkswap -q image",
        "truncate -s 16M image; echo ';' | sfdisk -q image",
        "truncate -s 16M image; printf 'label: gpt\\n;\\n' | sfdisk -q image",
        "mkdir d; echo x > d/x; xorrisofs -quiet -o image d",
    ])
    func `what tools make is taken, and refused when it was cut`(script: String) async throws {
        let path = try make("PATH=$PATH:/usr/sbin; \(script)")
        let header = try await examination.examine(path, depth: .tables)
        #expect(header.format == .raw)
        guard !script.contains("mkswap") else { return }
        try Programs.succeed("/bin/sh", ["-c", "truncate -s $(($(stat -c %s \(path)) / 2)) \(path)"])
        let error = await #expect(throws: ImageError.self) {
            try await examination.examine(path, depth: .tables)
        }
        #expect(error?.cause.contains("cut short") == true)
    }

    @Test(arguments: [
        ("vpc", "subformat=fixed", "fixed VHD"), ("vpc", "subformat=dynamic", "VHD"), ("vdi", "", "VDI"),
        ("vmdk", "subformat=streamOptimized", "VMDK"), ("vhdx", "", "VHDX"),
    ])
    func `other formats that qemu-img makes are named`(
        format: String,
        option: String,
        words: String
    ) async throws {
        let options = option.isEmpty ? "" : "-o \(option)"
        let path = try make(
            "PATH=$PATH:/usr/sbin; truncate -s 16M disk; echo ';' | sfdisk -q disk; "
                + "qemu-img convert -f raw -O \(format) \(options) disk image"
        )
        let error = await #expect(throws: ImageError.self) {
            try await examination.examine(path, depth: .tables)
        }
        #expect(error?.cause.contains(words) == true)
        #expect(error?.advice?.contains("qemu-img convert") == true)
    }

    @Test func `a QCOW2 image that lacks clusters at its end is cut short`() async throws {
        let path = try make("head -c 4M /dev/urandom > disk; qemu-img convert -f raw -O qcow2 disk image")
        _ = try await examination.examine(path, depth: .tables)
        try Programs.succeed("/bin/sh", ["-c", "truncate -s -200K \(path)"])
        let error = await #expect(throws: ImageError.self) {
            try await examination.examine(path, depth: .tables)
        }
        #expect(error?.cause.contains("cut short") == true)
    }
}
