@echo off
rem What the engine starts on Windows; elsewhere it starts the file of the same name without an extension.
node "%~dp0pulumi-resource-signed-image" %*
