// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import CRIMessages
import OperatorClient

/// The command that makes and starts a machine.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a machine and start it.",
        discussion: """
            The network is one of these: --net-conf makes a sandbox and runs the plugins of a CNI network \
            configuration list, --sandbox takes a sandbox whose interfaces are prepared and recorded \
            already, --no-network gives the machine none.

            If any step fails, vm-runtime undoes all that it made. Once asked, vm-runtime carries the run to its \
            end, even if vmctl is interrupted: vmctl rm undoes it.
            """
    )

    @Argument(help: "The machine's name, which is also the guest's host name.")
    var name: String

    @Option(
        help: "The disk image, a file or a name that vmctl image list shows; it is not changed.",
        completion: .file()
    )
    var image: String

    @Option(help: "The guest's memory in MiB.")
    var memory = 512

    @Option(help: "The guest's processors.")
    var vcpus = 1

    @Option(help: "The board: pc or q35 (default: as vm-runtime is configured).")
    var machine: Board?

    @Option(
        help: "What runs the guest: kvm or tcg (default: auto, as vm-runtime is configured or has measured)."
    )
    var accel: Accelerator = .auto

    @OptionGroup(title: "Network")
    var network: NetworkOptions

    @OptionGroup(title: "Guest")
    var guest: GuestOptions

    @Option(help: "Wait until the guest is up: agent, or console:TEXT for a text on its console.")
    var wait: Waiting?

    @Option(help: "How many seconds to wait at most.")
    var timeout = 300.0

    @OptionGroup var runtime: RuntimeOptions

    /// A board on the command line.
    enum Board: String, ExpressibleByArgument, CaseIterable {
        case pc
        case q35
    }

    /// What `--accel` chooses.
    enum Accelerator: String, ExpressibleByArgument, CaseIterable {
        case auto
        case kvm
        case tcg
    }

    mutating func validate() throws {
        guard (16...1 << 22).contains(memory) else {
            throw ValidationError("--memory must be 16 MiB to 4 TiB.")
        }
        guard (1...255).contains(vcpus) else { throw ValidationError("--vcpus must be 1 to 255.") }
        guard timeout > 0 else { throw ValidationError("--timeout must be more than 0.") }
    }

    func run() async throws {
        let request = try request()
        try await runtime.connected { [name, wait, timeout] vms in
            Terminal.note("Making \(name) and starting it")
            let made: OperatorRunMachineResponse = try await vms.call("RunMachine", of: .machines, request)
            guard let wait else { return }
            Terminal.note(wait.note)
            var awaited = OperatorAwaitGuestRequest()
            awaited.containerID = made.containerID
            awaited.sign = wait.sign
            awaited.timeoutSeconds = timeout
            do {
                let _: OperatorAwaitGuestResponse = try await vms.call("AwaitGuest", of: .machines, awaited)
            } catch {
                throw CommandError("\(error)\nRead what it wrote: vmctl console --log \(name)")
            }
        }
        Terminal.line(name)
    }

    private func request() throws -> OperatorRunMachineRequest {
        var request = OperatorRunMachineRequest()
        request.name = name
        request.podNamespace = network.namespace
        request.podName = network.pod ?? name
        request.image = Self.image(image)
        request.memoryMib = Int32(memory)
        request.vcpus = Int32(vcpus)
        request.machineType = machine?.rawValue ?? ""
        request.accelerator = accel == .auto ? "" : accel.rawValue
        request.network = try network.network()
        request.guest = try guest.message()
        return request
    }

    /// A file where it looks like one or is there, else a name of the store.
    private static func image(_ text: String) -> OperatorRunMachineRequest.OneOf_Image {
        let isPath = [".", "/"].contains { text.hasPrefix($0) }
        return isPath || access(text, F_OK) == 0 ? .imageFile(absolute(text)) : .imageName(text)
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}

/// What `--wait` waits for.
enum Waiting: ExpressibleByArgument, Equatable {
    case agent
    case console(String)

    init?(argument: String) {
        if argument == "agent" {
            self = .agent
        } else if argument.hasPrefix("console:"), argument.count > "console:".count {
            self = .console(String(argument.dropFirst("console:".count)))
        } else {
            return nil
        }
    }

    var note: String {
        switch self {
        case .agent: "Waiting for the guest's agent"
        case .console(let text): "Waiting for \"\(text)\" on the console"
        }
    }

    var sign: OperatorAwaitGuestRequest.OneOf_Sign {
        switch self {
        case .agent: .agent(true)
        case .console(let text): .consoleText(text)
        }
    }
}
