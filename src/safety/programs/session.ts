import { finding, type ProgramFinding } from './finding.ts';

/** Lines that only ask: of HAProxy, memcached, ZooKeeper, Redis, mail and web servers. */
const SOCKET_ASKS =
  /^(show [\w ./:#*-]+|help|stats( (?!reset)\w+)*|version|gets? [\w:. -]+|quit|exit|ruok|srvr|stat|mntr|conf|cons|envi|isro|wch[scp]|dirs|PING|INFO( \w+)?|(EHLO|HELO) [\w.-]+|NOOP|QUIT|Q|CAPA|(GET|HEAD|OPTIONS) (?!\S*(quit|shutdown|stop|kill|restart|reload|delete|reset))\S+ HTTP\/[\d.]+|(Host|Accept|User-Agent|Connection|Upgrade|Sec-WebSocket-[A-Za-z]+): [^\r\n]*|)$/;
const SOCKET_REMOVES =
  /^(flush\w*|shutdown|del(ete)?|md(?= )|clear|kill|eval|DELETE|DEL|FLUSH\w*|SHUTDOWN|CONFIG|EVAL)\b/;

/** Judges lines that are sent to a server by a program that knows nothing of them (nc, socat, telnet). */
export function judgeSocket(text: string): readonly ProgramFinding[] {
  return lines(text).map((line) => {
    if (SOCKET_ASKS.test(line)) return finding('session.asks', 'safe', 'What is sent only asks the server.');
    return SOCKET_REMOVES.test(line)
      ? finding('session.removes', 'danger', 'What is sent removes something on the server or stops it.')
      : finding('session.unknown', 'caution', 'What the server makes of what is sent is not known.');
  });
}

const SFTP_CHANGES =
  /^-?(ls|lls|cd|lcd|pwd|lpwd|df|version|help|\?|bye|quit|exit|progress|lumask|get|reget|put|reput|mkdir|lmkdir|mget|mput)( [^!]*)?$/;

/** Judges lines given to sftp: it looks and copies, or it removes, renames and runs local programs. */
export function judgeSftp(text: string): readonly ProgramFinding[] {
  return text
    .split(/\r?\n/)
    .map((line) =>
      line.trim() === '' || line.startsWith('#') || SFTP_CHANGES.test(line.trim())
        ? finding('session.copies', 'caution', 'This looks at another machine or copies files.')
        : finding('session.removes', 'danger', 'This removes or renames files, or runs a program.'),
    );
}

/** One command a line; HAProxy takes several with `;` between. */
function lines(text: string): readonly string[] {
  return text.split(/\r?\n|;/).map((line) => line.trim());
}
