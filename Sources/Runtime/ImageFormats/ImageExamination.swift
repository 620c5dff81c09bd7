// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import HostPrograms
import JSON
import LinuxSystem

/// Examines image files: the header by us, then the rest by `qemu-img`, which is given the format and little
/// else: no privileges, 1 GiB of memory, limited CPU time, no file to write.
public struct ImageExamination: Sendable {
    /// QEMU's tool for images.
    public let qemuImg: HostProgram
    /// The largest images that are taken.
    public let limits: ImageLimits

    /// How much is examined.
    public enum Depth: Hashable, Sendable {
        /// The header and what `qemu-img info` says: a matter of milliseconds.
        case header
        /// All tables, too, by `qemu-img check`: reads a part of the file.
        case tables
    }

    /// An examination by this tool.
    public init(qemuImg: HostProgram, limits: ImageLimits = ImageLimits()) {
        self.qemuImg = qemuImg
        self.limits = limits
    }

    /// Examines a file, which all users must be able to read.
    ///
    /// `name`: What messages call it.
    /// - Throws: `refused` where it is not an image that we take.
    public func examine(
        _ path: String,
        as name: String? = nil,
        depth: Depth
    ) async throws(ImageError) -> ImageHeader {
        let operation = "use the image \(name ?? path)"
        guard path.hasPrefix("/") else { throw ImageError(.refused, operation, "the path is not absolute") }
        let header = try readHeader(path, operation)
        // -U: a machine may have the image open.
        let text = try await succeed(
            ["info", "-U", "-f", header.format.rawValue, "--output=json", "--", path],
            operation
        )
        do throws(JSONError) {
            try Self.checkInformation(text, agreesWith: header)
        } catch {
            throw ImageError(.refused, operation, error.message)
        }
        if depth == .tables, header.format == .qcow2 { try await checkTables(path, operation) }
        return header
    }

    private func readHeader(_ path: String, _ operation: String) throws(ImageError) -> ImageHeader {
        var (prefix, suffix): ([UInt8], [UInt8]) = ([], [])
        var status = stat()
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path, O_RDONLY | O_NONBLOCK)
            guard fstat(file.raw, &status) == 0 else {
                throw SystemError("examine", path, errno: clinux_errno())
            }
            guard clinux_is_regular(status.st_mode) != 0 else {
                throw SystemError("read", path, errno: EISDIR)
            }
            prefix = try file.read(ImageHeader.prefixBytes, from: 0, name: path)
            let last = Int(clamping: status.st_size) - ImageHeader.suffixBytes
            suffix = try file.read(ImageHeader.suffixBytes, from: max(0, last), name: path)
        } catch {
            if error.errno == EISDIR { throw ImageError(.refused, operation, "it is not a file") }
            throw ImageError(.system, operation, error.message)
        }
        do throws(FormatRefusal) {
            return try ImageHeader(
                prefix,
                suffix: suffix,
                fileSize: UInt64(clamping: status.st_size),
                limits: limits
            )
        } catch {
            throw ImageError(.refused, operation, error.reason, advice: error.advice)
        }
    }

    private func checkTables(_ path: String, _ operation: String) async throws(ImageError) {
        let run: HostProgram.Run
        do throws(HostProgramError) {
            run = try await limited(["check", "-U", "-q", "-f", "qcow2", "--", path], seconds: 600)
        } catch {
            throw ImageError(.system, operation, error.description)
        }
        switch run.ending {
        // 3: clusters that nothing refers to; they only waste space.
        case .exited(0), .exited(3): return
        case .exited where run.errors.contains("exceeding the end of the file"):
            throw ImageError(
                .refused,
                operation,
                "it is cut short: clusters that its tables name lie behind its end",
                advice: "Fetch it anew; a digest in the name (<name>@sha256:…) makes sure that it is whole."
            )
        default:
            let lines = run.errors.split(separator: "\n").suffix(2).joined(separator: "; ")
            throw ImageError(
                .refused,
                operation,
                "qemu-img check found it damaged: \(Self.words(run.ending)): \(lines)",
                advice: "Fetch it anew, or repair it: qemu-img check -r all <image>"
            )
        }
    }

    /// Reads what `qemu-img info --output=json` wrote.
    static func checkInformation(_ text: String, agreesWith header: ImageHeader) throws(JSONError) {
        let fields = try JSONFields(JSONValue(parsing: Array(text.utf8)))
        for key in ["backing-filename", "full-backing-filename"] where fields.value(key) != nil {
            throw fields.error(key, "the image lies on another one; flatten it: qemu-img convert -O qcow2")
        }
        if let details = try fields.optionalFields("format-specific")?.optionalFields("data"),
            details.value("data-file") != nil
        {
            throw details.error("data-file", "the image's data lie in another file")
        }
        let format = try fields.string("format")
        guard format == header.format.rawValue else {
            throw fields.error("format", "QEMU takes it for \(format), we for \(header.format.rawValue)")
        }
        let size = try fields.integer("virtual-size", in: 0...Int.max)
        guard UInt64(size) == header.virtualSize else {
            throw fields.error("virtual-size", "QEMU reads \(size), we \(header.virtualSize)")
        }
    }

    private func succeed(_ arguments: [String], _ operation: String) async throws(ImageError) -> String {
        let run: HostProgram.Run
        do throws(HostProgramError) {
            run = try await limited(arguments, seconds: 30)
        } catch {
            throw ImageError(.system, operation, error.description)
        }
        if run.ending == .exited(0) { return run.output }
        let lines = run.errors.split(separator: "\n").suffix(2).joined(separator: "; ")
        throw ImageError(
            .refused,
            operation,
            "qemu-img failed: \(Self.words(run.ending))" + (lines.isEmpty ? "" : ": \(lines)")
        )
    }

    private static func words(_ ending: HostProgram.Ending) -> String {
        switch ending {
        case .exited(let status): "it exited with \(status)"
        case .signalled(let signal): "signal \(signal) ended it"
        case .overdue: "it took too long"
        }
    }

    /// Runs `qemu-img` with little memory and time, and, where we are root, as nobody.
    private func limited(
        _ arguments: [String],
        seconds: Double
    ) async throws(HostProgramError) -> HostProgram.Run {
        var words = ["--as=\(1 << 30)", "--cpu=\(Int(seconds))", "--core=0", "--fsize=0", "--"]
        if geteuid() == 0 {
            words += [
                "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs",
                "--inh-caps=-all", "--bounding-set=-all", "--",
            ]
        }
        return try await HostProgram("/usr/bin/prlimit").run(
            words + [qemuImg.path] + arguments,
            seconds: seconds,
            environment: ["LC_ALL": "C"]
        )
    }
}

extension FileDescriptor {
    /// Reads from a place on, at most `count` bytes.
    borrowing func read(_ count: Int, from start: Int, name: String) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < count {
            let wanted = min(chunk.count, count - bytes.count)
            let place = off_t(start + bytes.count)
            let got = chunk.withUnsafeMutableBytes { pread(raw, $0.baseAddress, wanted, place) }
            if got < 0, clinux_errno() == EINTR { continue }
            guard got >= 0 else { throw SystemError("read", name, errno: clinux_errno()) }
            if got == 0 { break }
            bytes += chunk[..<got]
        }
        return bytes
    }
}
