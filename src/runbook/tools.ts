/** Names that are commands and hardly ever the first word of a sentence. Lower case; compared without case. */
const PLAIN = `
7z a2dismod a2dissite a2enmod a2ensite aa-status ack acme.sh adcli add-apt-repository addgroup adduser adrci ag airflow alembic alias
aliyun amtool ansible ansible-console ansible-doc ansible-galaxy ansible-inventory ansible-lint ansible-playbook ansible-pull
ansible-vault apk apparmor_parser apropos apt apt-add-repository apt-cache apt-get apt-key apt-mark aptitude arcconf argocd aria2c arp
arping ars asdf asmcmd atlas atop atq atrm auditctl aureport ausearch authselect autossh awk aws aws-vault az b2sum badblocks barman
base64 basename bash bazel bcdedit bconsole bcp bectl beeline birdc bjobs bkill blkdiscard blkid blockdev bosh boto bpftool bpftrace bq
brctl brew btrfs buildah bundle bunzip2 busybox byobu bzcat bzip2 caddy calicoctl canu cargo cassandra-cli ceph ceph-bluestore-tool
ceph-objectstore-tool ceph-volume cephadm certbot certtool certutil cf cfdisk cfssl chage chattr chcon checkov chef-client chgrp chkconfig
chkdsk chmod chown chpasswd chronyc chroot chrt cibadmin cilium cinc-client ckctl cksum clickhouse-client clish cloud-init cloud-sql-proxy
cloudflared clush clustat clusterctl clusterdb clusvcadm cmake cmctl cmsdev cockroach comm commodore composer conda conftest conntrack
consul containerd corepack corosync-cfgtool cortextool cosign cp cpio cpulimit cpupower cqlsh cray createdb createrepo createuser credhub
crictl crm crm_mon crontab crossplane crsctl crushtool cryptsetup cscli csh csplit ctr cumin curl curlie cypher-shell dasel date db2 dbt
dcdiag dcgmi dd ddrescue debconf-set-selections dehydrated deno df dgmgrl dhclient diff dig direnv dirname diskpart dism django-admin
dmesg dmidecode dmsetup dnf dnf5 dnsmasq docker docker-compose docker-machine doctl dotnet doveadm dpdk-devbind.py dpkg dpkg-deb
dpkg-query dpkg-reconfigure dracut drbdadm drbdsetup drill dropdb dropuser drush dsh dsmadmc dsmc dstat du dumpe2fs e2fsck e2label eb
ebtables echo ecs-cli edgectl efibootmgr egrep eksctl elasticsearch-keystore elasticsearch-plugin emerge envsubst erl esxcli etcdctl
etcdutl ethtool exim4 exipick exiqgrep exo expdp exportfs ezjail-admin fab fail2ban-client faillock fallocate fdisk fgrep filebeat findmnt
fio firewall-cmd firewalld flagger flatpak flock fluent-bit flux fly flyctl fmt fping freebsd-update freeipa freeipmi fs_cli fsck fsfreeze
fstrim fuser gawk gcc gcloud gcore gcsfuse gdb gdisk gem getenforce getent getfacl getsebool gh git gitlab-ctl gitlab-psql gitlab-rails
gitlab-rake gitlab-redis-cli gitlab-runner gitleaks gkectl glab glances glsh gluster go gobgp gomplate govc gpg gpg2 gpresult gpupdate
gradle gradlew grep gron groupadd groupmod growpart grpcurl grub-install grub-mkconfig grub2-mkconfig grubby grype gsutil gunicorn gunzip
gzip hadolint hadoop haproxy hbase hcloud hd hdfs hdparm helm helmfile heroku hexdump hg hostnamectl hpacucli hping3 hponcfg htop http
https hub hubble hwclock hypershift ibdiagnet ibmcloud ibping ibstat ibstatus icacls icinga2 iconv id iex ifconfig ifdown iftop ifup
iisreset imgpkg impala-shell impdp incus influx influxd infracost initctl innobackupex insights-client insmod ionice iostat iotop ip
ip6tables ipa ipa-cacert-manage ipa-client-install ipa-getkeytab ipa-server-install ipactl ipcalc ipconfig ipcrm ipcs iperf iperf3
ipmi-sensors ipmicfg ipmitool ipset iptables iptables-restore iptables-save ipvsadm irb iscsiadm istioctl java javac jcmd jhsdb jinfo jmap
journalctl jps jq jsonnet jsonnetfmt jstack jstat jstatd jwt k3d k3s k6 k9s kadmin kadmin.local kafka-acls kafka-configs
kafka-console-consumer kafka-console-producer kafka-consumer-groups kafka-topics kafkacat kail kapp karmadactl kayobe kbld kcadm.sh kcat
kdestroy kdig kdumpctl kexec keytool kfk kill killall kind kinit klist kn knife kolla-ansible kops kpartx kpatch kpt krew kube-capacity
kubeadm kubectl kubectx kubelet kubens kubent kubescape kubeseal kubespray kubevirt kustomize last lastb lastlog launchctl lazydocker
lbzip2 lctl ldapadd ldapcompare ldapdelete ldapmodify ldapsearch ldapwhoami ldconfig ldd lein levant lfs lftp linkerd linode-cli linstor
lldpcli ln locale-gen localectl locate loftsman logcli logger loginctl logrotate logstash loki lokitool losetup lpstat ls lsattr
lsb_release lsblk lscpu lsmod lsnrctl lsof lspci lsscsi lsusb ltrace lvconvert lvcreate lvdisplay lvextend lvreduce lvremove lvresize lvs
lvscan lxc lxc-attach lxc-ls lxc-start lxc-stop lxd lz4 mailq mailx mariadb mariadb-dump masscan mawk mc mcli mco md5sum mdadm mdfind
megacli memcached metricbeat microk8s mimirtool minikube minisign mitmproxy mkdir mkfifo mkfs mkfs.ext4 mkfs.xfs mkswap mktemp mlxconfig
mmgetstate mmlscluster modprobe molecule mongo mongod mongodump mongoexport mongoimport mongorestore mongosh mongostat mongotop monmaptool
mosh mosquitto_pub mosquitto_sub mpstat msbuild mst mstflint mtr multipass multipath multipathd mutt mv mvn mydumper myloader mysql
mysqladmin mysqlbinlog mysqlcheck mysqldump mysqlshow named-checkconf named-checkzone nano nats nc ncat ncdu needs-restarting neo4j-admin
neofetch nerdctl nethogs netlify netplan netsh netstat networkctl newaliases newgrp newrelic nfsstat nft nginx ngrep nload nltest nmap
nmcli nmon node nodetool nohup nomad nomad-pack npm nproc npx nsenter nslookup ntpd ntpdate ntpq numactl numastat nvidia-ctk nvidia-smi
nvm nvme oc oci odo okteto omc omnibus omreport opa opensm openssl openstack openvpn openvswitch operator-sdk opkg opm opnsense-shell oras
osd osdctl osdmaptool ovn-nbctl ovn-sbctl ovs-appctl ovs-dpctl ovs-ofctl ovs-vsctl packer pacman parted partprobe passwd patronictl pbcopy
pbm pbsnodes pcs pct pdbedit pdns_control pdnsutil pdsh perccli perf perl pfctl pg_archivecleanup pg_basebackup pg_controldata pg_ctl
pg_ctlcluster pg_dump pg_dumpall pg_isready pg_lsclusters pg_receivewal pg_repack pg_resetwal pg_restore pg_rewind pg_upgrade
pg_verifybackup pg_waldump pgbackrest pgbench pgbouncer pgcli pgrep php pidof pidstat pigz ping ping6 pint pip pip3 pipenv pipx pkg_add
pkill pm2 pmap pnpm podman poetry postalias postcat postconf postfix postgres postmap postqueue postsuper powershell printenv printf
promtail promtool proxmox proxysql prtstat ps pscp psql pssh pstree pulsar-admin pulumi puppet pv pvchange pvcreate pvdisplay pveceph
pvecm pvesh pvesm pvmove pvremove pvresize pvs pvscan pwd pwgen pwsh py-spy pyenv pytest python python2 python3 qdel qemu-img qm qstat
qsub r10k rabbitmq-plugins rabbitmqadmin rabbitmqctl racadm rados radosgw-admin rails rake rbd rbenv rc-service rc-update rclone readlink
realm realpath redis-benchmark redis-cli redis-server reindexdb renice repadmin repmgr reposync resize2fs resolvectl restic restorecon rg
rke rke2 rm rman rmdir rndc rndc-confgen robocopy rocm-smi rosa route rpcinfo rpk rpm rpm-ostree rpm2cpio rpmbuild rrdtool rspamc rspec
rsync rubocop ruby runuser rustc rustup rvm s3cmd s5cmd sa-learn sacct sacctmgr salt salt-call salt-cp salt-key salt-run samba-tool sar
sas3ircu sbatch sbt scancel schtasks scontrol scp scw sealert sed semanage sendmail sentinel seq sestatus setenforce setfacl setsebool
sfdisk sftp sgdisk sh sha1sum sha256sum sha512sum shellcheck showmount shred shuf sinfo skaffold skopeo slabtop slapadd slapcat slappasswd
slcli sleep smartctl smbclient smbpasswd smbstatus snap snmpget snmpset snmptrap snmpwalk snyk socat sockstat sops sosreport spark-submit
sponge spruce sqlcmd sqlite3 sqlplus squeue sreport srun srvctl ss ssacli ssh ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan sshfs
sshpass sshuttle sss_cache sssctl stdbuf stern stonith_admin storcli storcli64 strace stress-ng stty su subscription-manager sudo sudoedit
supervisorctl svcadm svcs svn swaks swapoff swapon swift-recon swift-ring-builder syft sysbench sysctl sysrc systemctl systemd-analyze
systemd-resolve systemd-run tac talosctl tar targetcli taskkill tasklist taskset tc tcpdump tctl tee telegraf telnet tempo-cli terraform
terragrunt testparm tfenv tflint thanos timedatectl timeout tiup tkn tmutil tmux tofu tox tracepath traceroute trino trivy truncate tsh
tshark tune2fs tuned-adm uaac udevadm ufw umount uname unbound-control unbuffer uniq unlink unxz unzip unzstd update-grub update-initramfs
update-rc.d uptime useradd userdel usermod uv vacuumdb vagrant valkey-cli varnishadm varnishlog velero vendir vercel vgchange vgcreate
vgdisplay vgextend vgreduce vgremove vgs vgscan vi vim vim-cmd virsh virt-clone virt-install virt-manager virt-what virtctl visudo
vmkfstools vmstat vmtouch vsish vsql vtctl vtctlclient vtysh wal-e wal-g waypoint wbinfo wc wevtutil wg wget whoami whois wipefs wmic
wrangler xargs xe xfs_admin xfs_db xfs_freeze xfs_growfs xfs_info xfs_repair xl xmllint xtrabackup xxd xz xzcat yamllint yarn ykman yq ytt
yum yum-config-manager zabbix_get zabbix_sender zcat zdb zfs zgrep zip zkcli.sh zless zookeeper-shell zpool zstd zypper
`;

/** Commands, keywords and builtins that are also everyday words: they need more than their name to be taken in prose. */
const WORDS = `
age apply argo at batch bg bind boundary break bridge bun cap case cat cd chef cinder clear command continue crane cut declare disown do
env eval exec exit expand export fc fg file find fold for free function glance halt hash head heat help history host hostname if install
jobs join k less let link local logout look mail make man manta mix more mount neutron nice nl nova od open parallel paste popd poweroff
pushd read reboot reset return rev run sat screen script select service set shift shutdown sort source split start stat strings sum swift
sync tail test time top touch tr trap tree type ulimit umask unalias unset until users vault vector w wait wall watch which while who
write yes
`;

/** Endings that only names of tools have: `rabbitmqctl`, `tempo-cli`, `nova-manage`; and PowerShell's `Get-Service`. */
const TOOLISH = /^[a-z][\w.-]*(?:ctl|-cli|-admin|-manage|-ctl|-tool|-tools)$/;
const CMDLET =
  /^(?:Add|Clear|Disable|Enable|Export|Get|Import|Invoke|Move|New|Remove|Rename|Resume|Restart|Set|Start|Stop|Suspend|Test|Update|Write)-[A-Z]\w{2,40}$/;

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));
const PLAIN_TOOLS = names(PLAIN);
const WORD_TOOLS = names(WORDS);

/** The file name of a command word that is a path, else the word itself, in lower case. */
function toolOf(word: string): string {
  const name = /^[/.~$<]/.test(word) ? word.split('/').at(-1) : word;
  return (name ?? word).toLowerCase();
}

/** The names that count as commands: those everybody knows, and those that a text itself runs. */
export class Tools {
  private readonly own: ReadonlySet<string>;

  constructor(own: Iterable<string> = []) {
    this.own = new Set([...own].map(toolOf));
  }

  /** True for a command name that is no everyday word: `kubectl`, `/usr/bin/psql`, `Docker`. */
  isPlain(word: string): boolean {
    const tool = toolOf(word);
    return PLAIN_TOOLS.has(tool) || TOOLISH.test(tool) || CMDLET.test(word) || this.own.has(tool);
  }

  /** True for a command, shell keyword or builtin that is also an everyday word: `find`, `exit`, `for`. */
  isWord(word: string): boolean {
    return WORD_TOOLS.has(toolOf(word));
  }
}

/** The tools that everybody knows. */
export const TOOLS = new Tools();
