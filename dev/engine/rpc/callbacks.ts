import { credentials } from '@grpc/grpc-js';
import { CallbacksClient } from '@pulumi/pulumi/proto/callback_grpc_pb';
import { CallbackInvokeRequest, type Callback } from '@pulumi/pulumi/proto/callback_pb';

/** A function in the program or in a plugin, called through the callback server there. */
export interface CallbackRef {
  readonly target: string;
  readonly token: string;
}

export const callbackRef = (callback: Callback | undefined): CallbackRef => ({
  target: callback?.getTarget() ?? '',
  token: callback?.getToken() ?? '',
});

export class Callbacks {
  readonly #clients = new Map<string, CallbacksClient>();

  async invoke(callback: CallbackRef, message: Uint8Array): Promise<Uint8Array> {
    const request = new CallbackInvokeRequest().setToken(callback.token).setRequest(message);
    const client = this.#client(callback.target);
    return new Promise((resolve, reject) => {
      client.invoke(request, (error, response) => {
        if (error === null) resolve(response.getResponse_asU8());
        else reject(error);
      });
    });
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #client(target: string): CallbacksClient {
    const known = this.#clients.get(target);
    if (known !== undefined) return known;
    const client = new CallbacksClient(target, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    this.#clients.set(target, client);
    return client;
  }
}
