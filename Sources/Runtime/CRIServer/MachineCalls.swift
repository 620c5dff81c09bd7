// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import Foundation
import GRPCCore
import Pods

/// What an operator asks of machines.
struct MachineCalls: RegistrableRPCService {
    let machines: any MachineService
    let journal: CallJournal

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let machines = machines
        router.serve(
            "RunMachine",
            of: .machines,
            journal,
            subject: { (request: OperatorRunMachineRequest, response: OperatorRunMachineResponse?) in
                "machine=\(CallJournal.printable(request.name)) sandbox=\(response?.podSandboxID ?? "-")"
            },
            body: { request async throws(PodServiceError) in
                let machine = try await machines.runMachine(MachineRequest(request))
                var response = OperatorRunMachineResponse()
                response.podSandboxID = machine.sandboxID
                response.containerID = machine.containerID
                return response
            }
        )
        router.serve(
            "RemoveMachine",
            of: .machines,
            journal,
            subject: { (request: OperatorRemoveMachineRequest, _: OperatorRemoveMachineResponse?) in
                "machine=\(CallJournal.printable(request.name))"
            },
            body: { request async throws(PodServiceError) in
                .with(\.found, try await machines.removeMachine(.identifier(request.name, "name")))
            }
        )
        router.serve(
            "AwaitGuest",
            of: .machines,
            journal,
            limit: { (_: OperatorAwaitGuestRequest) in nil },
            body: { request async throws(PodServiceError) -> OperatorAwaitGuestResponse in
                let id = try String.identifier(request.containerID, "container_id")
                let sign: GuestSign
                switch request.sign {
                case .agent: sign = .agent
                case .consoleText(let text): sign = .consoleText(text)
                case nil: throw .missing("sign", of: "AwaitGuest")
                }
                try await machines.awaitGuest(ofContainer: id, sign, seconds: request.timeoutSeconds)
                return OperatorAwaitGuestResponse()
            }
        )
        registerConsole(&router)
    }

    private func registerConsole<Transport: ServerTransport>(_ router: inout RPCRouter<Transport>) {
        let (machines, journal) = (machines, journal)
        router.registerHandler(
            forMethod: MethodDescriptor(
                fullyQualifiedService: ServiceName.machines.rawValue,
                method: "AttachConsole"
            ),
            deserializer: MessageReader<OperatorAttachConsoleRequest>(),
            serializer: MessageWriter<OperatorAttachConsoleResponse>()
        ) { request, context in
            let messages = request.messages
            return StreamingServerResponse { writer in
                let start = ContinuousClock.now
                do throws(PodServiceError) {
                    try await Self.join(messages, writer, context, machines)
                    journal.note("AttachConsole", nil, since: start, .done)
                } catch {
                    journal.note("AttachConsole", nil, since: start, .failed(error))
                    throw error.status
                }
                return [:]
            }
        }
    }

    /// Copies both ways until the guest has ended or the caller is gone; the first message names the container.
    private static func join(
        _ messages: RPCAsyncSequence<OperatorAttachConsoleRequest, any Error>,
        _ writer: RPCWriter<OperatorAttachConsoleResponse>,
        _ context: ServerContext,
        _ machines: any MachineService
    ) async throws(PodServiceError) {
        let (opened, opening) = AsyncStream.makeStream(of: (any GuestConsole).self)
        let failure = await withTaskGroup(of: PodServiceError?.self) { group in
            group.addTask {
                defer { opening.finish() }
                var console: (any GuestConsole)?
                do {
                    for try await message in messages {
                        if let console {
                            try await console.write(Array(message.input))
                            continue
                        }
                        let id = try String.identifier(message.containerID, "container_id")
                        let new = try await machines.openConsole(ofContainer: id)
                        console = new
                        opening.yield(new)
                        opening.finish()
                    }
                } catch let error as PodServiceError {
                    // What is typed into a guest that has ended goes nowhere.
                    return console == nil ? error : nil
                } catch {
                    // The caller is gone.
                    console?.close()
                }
                return console == nil ? .missing("container_id", of: "AttachConsole") : nil
            }
            for await console in opened {
                group.addTask {
                    do { try await context.cancellation.cancelled } catch {}
                    console.close()
                    return nil
                }
                for await bytes in console.output {
                    do { try await writer.write(.with(\.output, Data(bytes))) } catch { break }
                }
                console.close()
                group.cancelAll()
            }
            var failure: PodServiceError?
            for await ended in group { failure = failure ?? ended }
            return failure
        }
        if let failure { throw failure }
    }
}
