"""Runs a Pulumi Python program as `pulumi-language-python-exec` of the CLI does, with the pip package `pulumi`.

https://github.com/pulumi/pulumi/blob/master/sdk/python/cmd/pulumi-language-python-exec
"""

import argparse
import asyncio
import logging
import runpy
import sys
import traceback

import pulumi
import pulumi.runtime


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("monitor", "engine", "organization", "project", "root-directory", "stack"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--parallel", type=int)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("program")
    return parser.parse_args()


def configure(args: argparse.Namespace) -> None:
    pulumi.runtime.set_all_config(
        pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env()
    )
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=args.monitor,
            engine=args.engine,
            project=args.project,
            root_directory=args.root_directory,
            stack=args.stack,
            parallel=args.parallel,
            dry_run=args.dry_run,
            organization=args.organization,
        )
    )


def run(program: str) -> bool:
    sys.argv = [program]
    sys.path.insert(0, program)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # The SDK cancels its own tasks after an error, which asyncio would log one by one.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(
            pulumi.runtime.run_in_stack(lambda: runpy.run_path(program, run_name="__main__"))
        )
        return True
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception:
        pulumi.log.error(f"the program failed with an unhandled exception:\n{traceback.format_exc()}")
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return False


if __name__ == "__main__":
    arguments = parse()
    configure(arguments)
    # 32: the error has been logged.
    sys.exit(0 if run(arguments.program) else 32)
