import type { ToolInput } from '../schema.ts';

/** Containers on one machine. */
export const CONTAINERS: readonly ToolInput[] = [
  {
    name: 'docker podman nerdctl',
    about: 'Shows and steers containers.',
    risk: 'safe',
    says: 'prints its help',
    values: '-c --context -l --log-level',
    switches: '-D --debug',
    raises: [
      {
        flags: '-H --host --config --tlscacert --tlscert --tlskey',
        takes: 'value',
        risk: 'caution',
        says: 'acts on another server',
      },
    ],
    simple: {
      safe: 'version | info | search | port | context ls | context show | context inspect | image ls | image inspect | image history | container ls | container list | container inspect | container top | container port | container diff | volume ls | volume inspect | network ls | network inspect | system df | system info | node ls | node inspect | node ps | service ls | service inspect | service ps | stack ls | stack ps | stack services | plugin ls | buildx ls | manifest inspect | swarm ca | secret ls | config ls',
      caution:
        'start | stop | restart | pause | unpause | rename | update | tag | pull | push | login | logout | wait | create | attach | load | import | build | commit | context use | volume create | network create | network connect | network disconnect | service update | service scale | service rollback | stack deploy | image pull | image tag | container start | container stop | container restart | node update | cp | save | export',
      danger:
        'rm | rmi | kill | container rm | container kill | container prune | image rm | image prune | volume rm | volume prune | network rm | network prune | system prune | service rm | stack rm | swarm leave | node rm | builder prune | secret rm | config rm | plugin install | plugin rm',
    },
    commands: {
      ps: {
        risk: 'safe',
        says: 'lists containers',
        readOnlyOptions: true,
        switches: '-a -q -s -n -l --all --quiet --size --no-trunc --latest',
        values: '-f --filter --format -n --last',
      },
      images: {
        risk: 'safe',
        says: 'lists images',
        readOnlyOptions: true,
        switches: '-a -q --all --quiet --no-trunc --digests',
        values: '-f --filter --format',
      },
      'inspect|history|diff|top': {
        risk: 'safe',
        says: 'shows a container or image',
        readOnlyOptions: true,
        switches: '-s --size --no-trunc -q',
        values: '-f --format --type',
        otherOptions: '^-[a-z]+$',
      },
      logs: {
        risk: 'safe',
        says: 'shows logs',
        readOnlyOptions: true,
        switches: '-f -t --follow --timestamps --details',
        values: '-n --tail --since --until',
        traitFlags: { '-f --follow': 'endless' },
      },
      stats: {
        risk: 'safe',
        says: 'shows use of resources',
        readOnlyOptions: true,
        switches: '-a --no-stream --no-trunc --all',
        values: '--format',
        traitUnless: { trait: 'endless', flags: '--no-stream' },
      },
      events: {
        risk: 'safe',
        says: 'shows events',
        readOnlyOptions: true,
        values: '-f --filter --since --until --format',
        traitUnless: { trait: 'endless', flags: '--until' },
      },
      system: {
        commands: { df: { risk: 'safe', says: 'shows use of disk', switches: '-v', values: '--format' } },
      },
      rm: { risk: 'danger', says: 'deletes containers', switches: '-f -v -l --force --volumes' },
      exec: {
        risk: 'caution',
        says: 'runs it in a container',
        switches: '-i -t -d --interactive --tty --detach',
        values: '-u --user -w --workdir -e --env --env-file --detach-keys',
        raises: [
          {
            flags: '--privileged',
            takes: 'optional',
            risk: 'danger',
            says: 'gives it rights over the machine',
          },
        ],
        traitFlags: { '-i -t --interactive --tty': 'interactive' },
        runs: { form: 'words', after: 1, remote: true, alone: { risk: 'caution', says: 'needs a command' } },
      },
      run: {
        risk: 'caution',
        says: 'starts a container',
        switches: '-i -t -d --rm --interactive --tty --detach --init',
        values:
          '-e --env --name -p --publish -w --workdir --network --net -u --user --entrypoint --env-file --restart -m --memory --cpus -l --label -h --hostname --platform --pull',
        raises: [
          {
            flags: '-v --volume --mount',
            takes: 'value',
            risk: 'caution',
            says: 'shares files of the machine',
          },
          {
            flags: '-v --volume --mount',
            takes: 'value',
            risk: 'danger',
            says: 'shares the whole machine',
            when: '(^|=)/(etc|root|proc|sys|dev|var/run|var/lib|boot|home)?/?(:|,|docker\\.sock)',
          },
          {
            flags: '--privileged --cap-add --device --pid --security-opt --userns --ipc',
            takes: 'optional',
            risk: 'danger',
            says: 'gives it rights over the machine',
          },
        ],
        traitFlags: { '-i -t --interactive --tty': 'interactive' },
        runs: {
          form: 'words',
          after: 1,
          remote: true,
          alone: { risk: 'caution', says: 'starts a container' },
        },
      },
      compose: {
        values: '-f --file -p --project-name --profile --env-file --project-directory',
        commands: {
          'ps|images|top|config|ls|version|port': {
            risk: 'safe',
            says: 'shows services',
            readOnlyOptions: true,
            switches: '-a -q --services --quiet',
          },
          logs: {
            risk: 'safe',
            says: 'shows logs',
            readOnlyOptions: true,
            switches: '-f -t --follow --no-color',
            values: '-n --tail --since',
            traitFlags: { '-f --follow': 'endless' },
          },
          exec: {
            risk: 'caution',
            says: 'runs it in a container',
            switches: '-T -d',
            values: '-u -e -w --index',
            traits: ['interactive'],
            runs: {
              form: 'words',
              after: 1,
              remote: true,
              alone: { risk: 'caution', says: 'needs a command' },
            },
          },
          'up|start|stop|restart|pull|build|create|pause|unpause|scale|run|push|cp': {
            risk: 'caution',
            says: 'changes what runs',
            switches: '-d --detach --build --force-recreate --no-deps --remove-orphans --rm --wait',
            values: '-t --timeout --scale',
          },
          'down|rm|kill': {
            risk: 'danger',
            says: 'removes containers',
            switches: '-v -f -s --volumes --remove-orphans',
            values: '-t --timeout --rmi',
          },
        },
      },
    },
    examples: {
      safe: [
        'docker ps -a',
        'docker logs --tail 100 x',
        'docker inspect x',
        'docker stats --no-stream',
        'docker compose ps',
        'docker system df',
        'docker images',
      ],
      caution: [
        'docker restart x',
        'docker exec x ls',
        'docker exec -it x bash',
        'docker run --rm alpine ls',
        'docker frob',
      ],
      danger: [
        'docker rm -f x',
        'docker system prune -af',
        'docker exec x rm -rf /x',
        'docker run --privileged alpine',
        'docker run -v /:/host alpine',
        'docker volume rm x',
        'docker compose down -v',
      ],
    },
  },
  {
    name: 'docker-compose podman-compose',
    about: 'Steers groups of containers.',
    values: '-f --file -p --project-name --env-file',
    simple: {
      safe: 'ps | images | top | config | version',
      caution: 'up | start | stop | restart | pull | build | scale | run | exec',
      danger: 'down | rm | kill',
    },
    commands: {
      logs: {
        risk: 'safe',
        says: 'shows logs',
        readOnlyOptions: true,
        switches: '-f -t --follow',
        values: '--tail',
        traitFlags: { '-f --follow': 'endless' },
      },
      up: { risk: 'caution', says: 'starts containers', switches: '-d --build --force-recreate' },
    },
    examples: {
      safe: ['docker-compose ps', 'docker-compose logs --tail 5 x'],
      caution: ['docker-compose up -d'],
      danger: ['docker-compose down'],
    },
  },
  {
    name: 'crictl ctr',
    about: 'Shows and steers containers of a node.',
    values: '-r --runtime-endpoint -n --namespace -a --address',
    simple: {
      safe: 'version | info | stats | statsp | imagefsinfo | images ls | containers ls | tasks ls',
      caution: 'stop | stopp | pull | start',
      danger: 'rm | rmp | rmi | kill',
    },
    commands: {
      'ps|pods|images|img|inspect|inspectp|inspecti|imagefsinfo': {
        risk: 'safe',
        says: 'shows containers',
        readOnlyOptions: true,
        switches: '-a -q -v --no-trunc --all',
        values: '-o --output --name --namespace --label --state -s --id -p --pod --image',
      },
      logs: {
        risk: 'safe',
        says: 'shows logs',
        readOnlyOptions: true,
        switches: '-f -t -p',
        values: '--tail --since',
        traitFlags: { '-f': 'endless' },
      },
      exec: {
        risk: 'caution',
        says: 'runs it in a container',
        switches: '-i -t -s',
        runs: { form: 'words', after: 1, remote: true, alone: { risk: 'caution', says: 'needs a command' } },
      },
    },
    examples: {
      safe: ['crictl ps -a', 'crictl pods -o json', 'crictl inspectp x', 'crictl logs x'],
      danger: ['crictl rm x', 'crictl exec x rm -rf /x'],
      caution: ['crictl exec x ls'],
    },
  },
];
