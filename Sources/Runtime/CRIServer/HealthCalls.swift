// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import GRPCCore
import Pods

/// gRPC's health checking: whoever gets an answer is served.
struct HealthCalls: RegistrableRPCService {
    let journal: CallJournal
    let servesMachines: Bool

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let servesMachines = servesMachines
        router.serve("Check", of: .health, journal) {
            (request: HealthHealthCheckRequest) async throws(PodServiceError) -> HealthHealthCheckResponse in
            let service = ServiceName(rawValue: request.service)
            guard request.service.isEmpty || service != nil && (servesMachines || service != .machines) else {
                let name = PodServiceError.shortened(request.service)
                throw PodServiceError(.notFound, "there is no service \"\(name)\" here")
            }
            return .with(\.status, .serving)
        }
        router.refuse("Watch", of: .health, "ask again by Check")
    }
}
