/** Names that are commands and hardly ever the first word of a sentence. Lower case; compared without case. */
const PLAIN = `
7z addgroup adduser alembic alias amtool ansible ansible-galaxy ansible-inventory ansible-playbook ansible-vault apk apropos apt apt-cache
apt-get apt-key aptitude arping ars argocd atlas autossh aws awk az base64 basename bash bazel blkid boto brew btrfs buildah bundle bunzip2 busybox bzip2
caddy calicoctl cassandra-cli ceph ceph-volume cephadm certbot certutil cfssl cfdisk chage chattr chcon chef-client chgrp chkconfig chmod chown chpasswd chroot
chronyc cilium ckctl clickhouse-client cloud-init clush cmctl cockroach composer conda consul containerd corepack cp cpio cqlsh cray crictl crm
crontab cryptsetup csh csplit cscli ctr curl cypher-shell date dbt dd ddrescue deno df dhclient diff dig dirname
dmesg dmidecode dnf docker docker-compose docker-machine doctl dotnet dpkg dpkg-reconfigure dracut drush du dumpe2fs
e2fsck eb echo ecs-cli edgectl efibootmgr egrep eksctl elasticsearch-keystore elasticsearch-plugin envsubst etcdctl etcdutl ethtool exim4 exportfs
fab faillock fallocate fdisk fgrep fio firewall-cmd firewalld flock flux fly flyctl freeipa fsck fsfreeze fstrim fuser
gcloud gdb gem getent getfacl getenforce getsebool gh git gitlab-ctl gitlab-rails gitlab-rake gitlab-runner gluster go gpg gpg2 gradle gradlew grep groupadd groupmod growpart
grpcurl grub-install grub2-mkconfig grub-mkconfig gsutil gunzip gzip
haproxy hdfs hdparm helm helmfile heroku hexdump hostnamectl hping3 htop http hypershift
ibmcloud iconv id ifconfig ifdown ifup influx influxd initctl insmod iostat iotop ip ip6tables ipa ipcalc iperf iperf3 ipmitool iptables
iptables-save iptables-restore ipvsadm irb iscsiadm istioctl
java jcmd jmap journalctl jps jq jstack jstat jwt
k9s kafka-acls kafka-configs kafka-console-consumer kafka-console-producer kafka-consumer-groups kafka-topics karmadactl kcadm.sh keytool kexec kfk kill killall kinit klist kops
kpartx kubeadm kubectl kubectx kubens kubespray kustomize
last lastb lazydocker ldapadd ldapdelete ldapmodify ldapsearch ldconfig ldd linkerd linstor ln locale-gen localectl locate logger loginctl logrotate loki loftsman logcli losetup lpstat ls
lsattr lsb_release lsblk lscpu lsmod lsof lspci lsscsi lsusb ltrace lvconvert lvcreate lvdisplay lvextend lvreduce lvremove lvresize lvs lxc
mc mcli mdadm memcached minikube mitmproxy mkdir mkfifo mkfs mkfs.ext4 mkfs.xfs mkswap mktemp modprobe mongo mongod mongodump mongoexport mongoimport mongorestore mongosh
mosquitto_pub mpstat mtr multipath mv mvn mysql mysqladmin mysqlbinlog mysqlcheck mysqldump mysqlshow
nano nc ncat ncdu neofetch netplan netstat newgrp newrelic nft nginx ngrep nmap nmcli node nodetool nohup nomad npm npx nslookup nsenter ntpdate ntpq
nvidia-smi nvme oc odo omnibus opa openssl openstack openvpn osd packer parted partprobe passwd patronictl pbcopy pcs perl pg_basebackup pg_controldata pg_ctl pg_ctlcluster pg_dump
pg_dumpall pg_isready pg_lsclusters pg_repack pg_resetwal pg_restore pg_rewind pgbackrest pgbench pgrep php pidstat ping ping6 pip pip3 pipenv pkill pm2 pmap pnpm podman poetry
postconf postfix postgres postmap postqueue postsuper printenv printf proxysql promtool prtstat ps psql pstree pulumi puppet pvchange pvcreate pvdisplay pvmove pvremove pvresize pvs pwd
python python2 python3 qemu-img rabbitmq-plugins rabbitmqadmin rabbitmqctl radosgw-admin rados rails rake rbd rclone readlink realpath redis-benchmark redis-cli redis-server renice
resize2fs resolvectl restic restorecon rg rke rm rmdir rndc route rpm rpm-ostree rsync ruby runuser salt salt-call salt-cp salt-key salt-run sar sbatch scancel scontrol sinfo squeue scp sed seq
sentinel sestatus setenforce setfacl setsebool sftp sh sha256sum shuf skopeo slcli sleep smartctl smbclient snap socat sops spark-submit sqlite3 sqlplus ss ssh ssh-add ssh-agent
ssh-copy-id ssh-keygen ssh-keyscan sshfs sshpass stern stdbuf strace stty su sudo sudoedit supervisorctl swapoff swapon sysbench sysctl systemctl systemd-analyze systemd-resolve
systemd-run tac tar tc tcpdump tctl tee telnet terraform terragrunt tofu thanos timedatectl timeout tkn tmux tmutil traceroute tracepath truncate tshark tune2fs
udevadm ufw umount uname uniq unlink unxz unzip update-grub update-initramfs update-rc.d uptime useradd userdel usermod
vacuumdb vagrant varnishadm varnishlog vault vgchange vgcreate vgdisplay vgextend vgreduce vgremove vgs vi vim virsh visudo virtctl vmstat
velero wal-e wal-g wc wg wget whoami wipefs xargs xfs_growfs xfs_repair xxd xz yarn yq yum zcat zfs zgrep zip zpool zypper
`;

/** Commands, keywords and builtins that are also everyday words: they need more than their name to be taken in prose. */
const WORDS = `
apply at bg bind break case cat cd chef clear command continue crane cut declare disown do env eval exec exit expand export fc fg file find fold for
free function halt hash head help history host hostname if install jobs join less let link local logout look mail make man more mount nice
open paste popd poweroff pushd read reboot reset return run screen script select service set shift shutdown sort source split start stat
strings sum sync tail test time top touch tr trap tree type ulimit umask unalias unset until users vault w wait wall watch which while who write yes
`;

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));
const PLAIN_TOOLS = names(PLAIN);
const WORD_TOOLS = names(WORDS);

/** The file name of a command word, in lower case. */
function toolOf(word: string): string {
  return (word.split('/').at(-1) ?? word).toLowerCase();
}

/** True for a command name that is no everyday word: `kubectl`, `/usr/bin/psql`, `Docker`. */
export function isPlainTool(word: string): boolean {
  return PLAIN_TOOLS.has(toolOf(word));
}

/** True for a command, shell keyword or builtin that is also an everyday word: `find`, `exit`, `for`. */
export function isWordTool(word: string): boolean {
  return WORD_TOOLS.has(toolOf(word));
}
