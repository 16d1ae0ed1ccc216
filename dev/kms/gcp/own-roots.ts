/**
 * gRPC reads this variable when it is loaded, and then trusts the authorities in that file instead of
 * those of this process (`trustAuthority`). So this module is imported before gRPC.
 */
delete process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'];
