import { Command, Option } from 'commander';
import { defaultStateDirectory } from '../state-directory.ts';
import { policyNames } from '../../pilots/policies.ts';
import { positiveNumber, webDomain, wholeNumber } from '../option-values.ts';
import type { UpOptions } from '../up.ts';

export function upCommand(): Command {
  return new Command('up')
    .description('Runs the controller and the pilot manager in this process until Ctrl-C.')
    .option('--host <address>', 'address to listen on; pilots must be able to reach it', '127.0.0.1')
    .option('--port <number>', 'port of the API and of the link to the invokers', wholeNumber(1, 65535), 3233)
    .option('--state <dir>', 'state directory: keys, store, what pilots run (default of HPCWHISK_STATE, else ~/.hpcwhisk)', defaultStateDirectory())
    .option('--store <dir>', 'directory of the embedded store, on a local disk (default: store/ in the state directory)')
    .option('--keep-activations-days <number>', 'activation records that began more days ago are removed', positiveNumber(36_500), 7)
    .option('--keep-activations <number>', 'of more activation records than this the oldest are removed', wholeNumber(1, 1_000_000_000), 1_000_000)
    .option('--tls-port <number>', 'port of the API by HTTPS, beside the other', wholeNumber(1, 65535))
    .option('--tls-cert <file>', 'certificate for HTTPS (PEM), with those that it was signed with')
    .option('--tls-key <file>', 'private key of the certificate (PEM)')
    .option('--tls-self-signed', 'make a certificate and keep it in the state directory (tls-cert.pem: what clients are to trust)')
    .option('--web-domain <host>', 'domain below which namespaces have hosts of their own: NAMESPACE.HOST/PACKAGE/ACTION.html', webDomain)
    .option('--auth <uuid:key>', 'key of the namespace guest (default: a random one, made on the first start and kept)')
    .option('--limits <file>', 'YAML or JSON file with limits other than OpenWhisk\'s, or the word unlimited for no throttles (see docs/operations/users-and-limits.md)')
    .addOption(new Option('--cluster <kind>', 'where pilots run: a few pretended nodes of this machine, or Slurm').choices(['local', 'slurm']).default('local'))
    .option('--partition <name>', 'Slurm partition of the pilots (default: the cluster\'s default partition)')
    .addOption(new Option('--policy <name>', 'which pilots are kept in the queue').choices(policyNames).default('adaptive'))
    .option('--overtime', 'for partitions with OverTimeLimit=UNLIMITED: pilots of the policy single ask for 1 minute and run until they are preempted', false)
    .option('--floor <invokers>', 'follow the calls, and keep so many invokers when nobody calls; 0 leaves idle nodes alone (default: harvest every idle node)', wholeNumber(0, 100_000))
    .option('--invoker-memory <MB>', 'memory that an invoker gives to functions (default: what the job was given, 2048 locally)', wholeNumber(128, 1_000_000))
    .option('--nodes <number>', 'nodes of the local cluster', wholeNumber(1, 64), 4)
    .option('--seed <number>', 'seed of the local cluster\'s idle windows', wholeNumber(0, 4_294_967_295), 17)
    .addOption(new Option('--sandbox <kind>', 'what functions run in').choices(['auto', 'bubblewrap', 'process']).default('auto'))
    .option('--images <file>', 'YAML or JSON file of the images that actions may name with --docker (see docs/reference/kinds.md)')
    .option('--log-level <level>', 'debug, info, warn or error; log lines go to <state>/controller.log', 'info')
    .argument('[sbatch-arguments...]', 'behind --: passed to sbatch verbatim, for example -- --account=x --qos=pilot')
    .addHelpText('after', '\nThe API host and the place of the key are printed once it is ready.\nExit status: 0 after a clean stop.')
    .action(async (sbatchArguments: string[], options: Omit<UpOptions, 'sbatchArguments'>) => {
      // The controller takes a while to load; the other commands do without it.
      const { runUp } = await import('../up.ts');
      await runUp({ ...options, sbatchArguments });
    });
}
