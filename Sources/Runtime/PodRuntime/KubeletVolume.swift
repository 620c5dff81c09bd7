// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CloudInit
import Foundation
import LinuxSystem
import Pods

/// A volume of files that kubelet wrote: a secret, a config map, facts of the pod, or several of them.
///
/// kubelet keeps the files in a folder that the link `..data` names, and replaces that link when they change
/// (Kubernetes, pkg/volume/util/atomic_writer.go). So one such folder is read, whole, and no link in it is followed:
/// the pod's author chooses names in it.
struct KubeletVolume: Sendable {
    /// What a volume is made of, as in the folder's name after `kubernetes.io~`.
    enum Kind: String, Sendable {
        case secret
        case configMap = "configmap"
        case downwardAPI = "downward-api"
        case projected
    }

    /// A file, by its path in the volume.
    struct File: Sendable {
        let name: String
        let bytes: [UInt8]
        let mode: UInt16
    }

    let kind: Kind
    let name: String
    let contents: [File]
}

/// The volumes of kubelet's files among a container's mounts, as files for its guest.
struct KubeletVolumes {
    /// The largest file that is taken: an object of the API is not larger.
    static let mostFileBytes = 1 << 20
    /// The most that all files have together.
    static let mostBytes = 8 << 20
    /// The most files.
    static let mostFiles = 2000
    private static let mostLevels = 32

    /// The volumes that are mounted whole.
    private(set) var all: [KubeletVolume] = []
    /// Their files, and those that are mounted one by one, where the guest shall have them.
    private(set) var files: [GuestFile] = []
    private var bytes = 0
    private var count = 0

    /// Reads the volumes of a pod; what kubelet mounts into any container, for which a guest has no use, is passed over.
    ///
    /// - Throws: What can't be read or given to a guest, by its mountPath.
    init(_ mounts: [ContainerMount], podUID: String) throws(PodServiceError) {
        for mount in mounts {
            let parts = mount.hostPath.split(separator: "/", omittingEmptySubsequences: false).map(
                String.init
            )
            let tail = Array(parts.drop { $0 != podUID }.dropFirst())
            guard mount.image == nil, !podUID.isEmpty, parts.dropLast(tail.count + 1).last == "pods" else {
                throw Self.refusal(mount)
            }
            // The file for a container's last message.
            if tail.first == "containers" { continue }
            // The pod's names and its hostAliases.
            if tail == ["etc-hosts"] {
                // A caller that is not kubelet may name it and have none.
                if access(mount.hostPath, F_OK) == 0 { try addFile(mount) }
                continue
            }
            if tail.count == 3, tail[0] == "volumes", let kind = Self.kind(tail[1]) {
                let contents = try read(mount.hostPath)
                all.append(KubeletVolume(kind: kind, name: tail[2], contents: contents))
                let folder = try Self.guestPath(mount.containerPath)
                for file in contents {
                    files.append(
                        GuestFile(path: "\(folder)/\(file.name)", bytes: file.bytes, mode: file.mode)
                    )
                }
            } else if tail.count == 4, tail[0] == "volume-subpaths" {
                try addFile(mount)
            } else {
                throw Self.refusal(mount)
            }
        }
    }

    private static func kind(_ plugin: String) -> KubeletVolume.Kind? {
        let prefix = "kubernetes.io~"
        guard plugin.hasPrefix(prefix) else { return nil }
        return KubeletVolume.Kind(rawValue: String(plugin.dropFirst(prefix.count)))
    }

    /// An absolute path without a slash at its end.
    static func guestPath(_ path: String, _ what: String = "mountPath") throws(PodServiceError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        guard path.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !path.utf8.contains(0) else {
            throw PodServiceError(
                .invalidArgument,
                "the \(what) \"\(PodServiceError.shortened(path))\" is not an absolute path of a file or folder below /"
            )
        }
        return parts.map { "/\($0)" }.joined()
    }

    /// The files of the version that `..data` names now.
    private mutating func read(_ path: String) throws(PodServiceError) -> [KubeletVolume.File] {
        do {
            let volume = try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            // kubelet can put another version in place between our looking and opening.
            for attempt in 1...5 {
                let target = try FileManager.default.destinationOfSymbolicLink(
                    atPath: "\(Self.path(volume))/..data"
                )
                guard target.hasPrefix(".."), target != "..", !target.contains("/") else { break }
                let before = (bytes, count)
                do {
                    let folder = try FileDescriptor(
                        opening: "\(Self.path(volume))/\(target)",
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW
                    )
                    return try list(folder, "", level: 1, path)
                } catch let error as SystemError where error.errno == ENOENT && attempt < 5 {
                    (bytes, count) = before
                }
            }
        } catch let error as PodServiceError {
            throw error
        } catch let error as SystemError {
            throw PodServiceError(.internalError, "cannot read the volume \(path): \(errorText(error.errno))")
        } catch {}
        throw PodServiceError(
            .internalError,
            "\(path) is not a volume that kubelet wrote: its link ..data leads nowhere"
        )
    }

    private mutating func list(
        _ folder: borrowing FileDescriptor,
        _ prefix: String,
        level: Int,
        _ volume: String
    ) throws -> [KubeletVolume.File] {
        guard level <= Self.mostLevels else { throw Self.refusal(volume, prefix, "lies too deep") }
        var files: [KubeletVolume.File] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.path(folder)).sorted() {
            let file = try FileDescriptor(
                opening: "\(Self.path(folder))/\(name)",
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK
            )
            var status = stat()
            guard fstat(file.raw, &status) == 0 else {
                throw SystemError("examine", "\(volume)/\(prefix)\(name)", errno: clinux_errno())
            }
            if clinux_is_folder(status.st_mode) != 0 {
                files += try list(file, "\(prefix)\(name)/", level: level + 1, volume)
            } else {
                let bytes = try content(file, status, volume, prefix + name)
                files.append(
                    KubeletVolume.File(
                        name: prefix + name,
                        bytes: bytes,
                        mode: UInt16(status.st_mode & 0o777)
                    )
                )
            }
        }
        return files
    }

    /// A file that is mounted by itself, from a volume of any kind.
    private mutating func addFile(_ mount: ContainerMount) throws(PodServiceError) {
        do {
            let file = try FileDescriptor(opening: mount.hostPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            var status = stat()
            guard fstat(file.raw, &status) == 0 else {
                throw SystemError("examine", mount.hostPath, errno: clinux_errno())
            }
            guard clinux_is_regular(status.st_mode) != 0 else { throw Self.refusal(mount) }
            let bytes = try content(file, status, mount.containerPath, "")
            files.append(
                GuestFile(
                    path: try Self.guestPath(mount.containerPath),
                    bytes: bytes,
                    mode: UInt16(status.st_mode & 0o777)
                )
            )
        } catch let error as PodServiceError {
            throw error
        } catch let error as SystemError {
            throw PodServiceError(.internalError, "cannot read \(mount.hostPath): \(errorText(error.errno))")
        } catch {
            throw PodServiceError(.internalError, "cannot read \(mount.hostPath)")
        }
    }

    private mutating func content(
        _ file: borrowing FileDescriptor,
        _ status: stat,
        _ volume: String,
        _ name: String
    ) throws -> [UInt8] {
        guard clinux_is_regular(status.st_mode) != 0 else {
            throw Self.refusal(volume, name, "is neither a file nor a folder")
        }
        guard status.st_size <= Self.mostFileBytes else {
            throw Self.refusal(
                volume,
                name,
                "is larger than \(Self.mostFileBytes) bytes, the limit for one file"
            )
        }
        let content = try file.readAll(limit: Self.mostFileBytes, name: volume)
        bytes += content.count
        count += 1
        guard bytes <= Self.mostBytes, count <= Self.mostFiles else {
            throw Self.refusal(
                volume,
                name,
                "is one too many: the limit for all files of a VM is \(Self.mostBytes) bytes, \(Self.mostFiles) files"
            )
        }
        return content
    }

    private static func refusal(_ mount: ContainerMount) -> PodServiceError {
        PodServiceError(
            .invalidArgument,
            "the volume at \"\(PodServiceError.shortened(mount.containerPath))\" can't be given to a VM: only files of secrets, config maps, "
                + "downwardAPI and projected volumes, and single files by subPath, can. Leave its volumeMount out"
        )
    }

    private static func path(_ file: borrowing FileDescriptor) -> String { "/proc/self/fd/\(file.raw)" }

    private static func refusal(_ volume: String, _ name: String, _ reason: String) -> PodServiceError {
        PodServiceError(
            .invalidArgument,
            "the mounted file \(volume)\(name.isEmpty ? "" : "/\(PodServiceError.shortened(name))") \(reason)"
        )
    }
}
