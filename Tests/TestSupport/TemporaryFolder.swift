// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A folder of a test's own, removed with everything in it at the end of its life.
public final class TemporaryFolder: Sendable {
    /// The folder's path, without a slash at the end.
    public let path: String

    /// Makes an empty folder.
    public init() {
        var template = Array("/tmp/contrail-vm-test.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("mkdtemp: errno \(clinux_errno())") }
        path = String(cString: made)
    }

    deinit { Self.removeAll(path) }

    /// The path of something in the folder.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, and the folders above it.
    public func write(_ text: String, to name: String) {
        var folder = path
        for component in name.split(separator: "/").dropLast() {
            folder += "/\(component)"
            mkdir(folder, 0o700)
        }
        guard let file = fopen(path(name), "w") else { fatalError("cannot open \(path(name))") }
        fwrite(Array(text.utf8), 1, text.utf8.count, file)
        fclose(file)
    }

    /// A file's content; nil where there is none.
    public func read(_ name: String) -> String? { TestFile.read(path(name)) }

    /// The names of all that is in a folder, those that begin with a dot, too, sorted.
    public func list(_ name: String = "") -> [String] {
        Self.names(name.isEmpty ? path : path(name)).sorted()
    }

    private static func names(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = String(cString: clinux_entry_name(entry))
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func removeAll(_ path: String) {
        for name in names(path) where unlink("\(path)/\(name)") != 0 { removeAll("\(path)/\(name)") }
        rmdir(path)
    }
}

/// A file that a test reads.
public enum TestFile {
    /// A file's content; nil where there is none.
    public static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}
