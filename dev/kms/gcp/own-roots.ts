/**
 * gRPC reads this variable when it is loaded, and then trusts what the file names instead of what
 * this process trusts (`trustAuthority`). So this module comes before gRPC.
 */
delete process.env['GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'];
