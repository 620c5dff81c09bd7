// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The formats of disk images that we take; the words are QEMU's.
public enum ImageFormat: String, Hashable, Sendable, CaseIterable {
    /// QEMU's own format, versions 2 and 3.
    case qcow2
    /// The disk's bytes as they are.
    case raw
}

/// The largest images that are taken.
public struct ImageLimits: Hashable, Sendable {
    /// The most bytes of a file.
    public var mostBytes: UInt64 = 1 << 40
    /// The most bytes of the disk that a guest sees.
    public var mostVirtualBytes: UInt64 = 16 << 40

    /// 1 TiB and 16 TiB.
    public init() {}
}

/// Why a file is no image that we take.
public struct FormatRefusal: Error, Hashable, Sendable {
    /// What is wrong with it.
    public let reason: String
    /// What to do about it; nil where nothing helps but another file.
    public let advice: String?

    init(_ reason: String, advice: String? = nil) {
        self.reason = reason
        self.advice = advice
    }
}

/// What an image is, by its first bytes and its length.
public struct ImageHeader: Hashable, Sendable {
    /// How many of its first bytes must be given: the longest cluster that QCOW2 knows.
    public static let prefixBytes = 2 << 20

    /// Its format.
    public let format: ImageFormat
    /// The size of the disk that a guest sees, in bytes.
    public let virtualSize: UInt64

    /// Examines an image.
    ///
    /// `prefix`: its first bytes, all of them or `prefixBytes`.
    public init(_ prefix: [UInt8], fileSize: UInt64, limits: ImageLimits) throws(FormatRefusal) {
        guard fileSize > 0 else { throw FormatRefusal("it is empty") }
        guard fileSize <= limits.mostBytes else {
            throw FormatRefusal(
                "it has \(fileSize) bytes, more than the \(limits.mostBytes) that are allowed"
            )
        }
        if prefix.starts(with: QCOW2Header.magic) {
            let header = try QCOW2Header(prefix, fileSize: fileSize, limits: limits)
            format = .qcow2
            virtualSize = header.virtualSize
            return
        }
        if let other = ForeignFormat.name(prefix) {
            throw FormatRefusal("it is \(other), neither QCOW2 nor raw", advice: ForeignFormat.advice(other))
        }
        guard fileSize.isMultiple(of: 512) else {
            throw FormatRefusal(
                "it is neither QCOW2 nor raw: it has no QCOW2 header, and \(fileSize) bytes are no whole sectors"
            )
        }
        format = .raw
        virtualSize = fileSize
    }
}

/// Formats that are known by their first bytes and not taken.
enum ForeignFormat {
    private static let magics: [(offset: Int, bytes: [UInt8], name: String)] = [
        (0, Array("KDMV".utf8), "a VMDK image"), (0, Array("COWD".utf8), "a VMDK image"),
        (0, Array("# Disk DescriptorFile".utf8), "a VMDK descriptor"),
        (0, Array("vhdxfile".utf8), "a VHDX image"), (0, Array("conectix".utf8), "a VHD image"),
        (64, [0x7f, 0x10, 0xda, 0xbe], "a VDI image"), (0, Array("QED\0".utf8), "a QED image"),
        (0, Array("LUKS".utf8) + [0xba, 0xbe], "a LUKS volume"),
        (0, Array("WithoutFreeSpace".utf8), "a Parallels image"),
        (0, Array("WithouFreSpacExt".utf8), "a Parallels image"),
        (0, [0x1f, 0x8b], "a gzip file"), (0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "an xz file"),
        (0, Array("BZh".utf8), "a bzip2 file"), (0, [0x28, 0xb5, 0x2f, 0xfd], "a zstd file"),
        (0, [0x50, 0x4b, 3, 4], "a zip file"), (0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7z file"),
        (257, Array("ustar".utf8), "a tar archive"), (0, Array("<!DOCTYPE".utf8), "a web page"),
        (0, Array("<!doctype".utf8), "a web page"), (0, Array("<html".utf8), "a web page"),
        (0, Array("<?xml".utf8), "an XML document"),
    ]

    /// What a file is, by its first bytes; nil where they tell nothing.
    static func name(_ prefix: [UInt8]) -> String? {
        magics.first { prefix.dropFirst($0.offset).starts(with: $0.bytes) }?.name
    }

    static func advice(_ name: String) -> String? {
        switch name {
        case "a gzip file", "an xz file", "a bzip2 file", "a zstd file", "a zip file", "a 7z file",
            "a tar archive":
            "Unpack it first."
        case "a web page", "an XML document": "The URL leads to a page, not to the image itself."
        default: "Convert it: qemu-img convert -O qcow2 <old> <new>"
        }
    }
}
