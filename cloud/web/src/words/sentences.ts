/** What nodes and the cloud say in English sentences, for readers of Chinese. */

const KNOWN: readonly (readonly [RegExp, string])[] = [
  [
    /the local site file \(version (\d+)\) is not in force: .*\(version (\d+)\);.*--site-local/,
    "版本冲突：本地站点文件（版本 $1）未生效，节点以云端（版本 $2）为准；请在云端发布更高版本，或以 --site-local 启动节点",
  ],
  [
    /the local site file was edited, .*--site-local insists on the file/,
    "本地站点文件的修改未生效：节点以云端为准；如需采用本地文件，请以 --site-local 启动节点",
  ],
  [/the local site file is faulty: /, "本地站点文件有误："],
  [/the new site file is refused, version (\d+) stays in force: /, "新站点文件被拒，版本 $1 仍然有效："],
  [
    /this node insists on its local site \(version (\d+), the cloud has (\d+)\)/,
    "节点坚持使用本地站点文件（版本 $1，云端为版本 $2）",
  ],
  [/this node insists on its local site, version (\d+)/, "节点坚持使用本地站点文件，版本 $1"],
  [
    /(?:the cloud has )?another site of (?:the same )?version (\d+)(?: is in force here)?; raise the version(?: of one)?/,
    "云端与节点的站点文件版本同为 $1 但内容不同；请提高其中一个的版本",
  ],
  [
    /this node runs version (\d+) of its site, the cloud still has (\d+)/,
    "节点使用站点文件版本 $1，云端仍为版本 $2",
  ],
  [/versions only rise: version (\d+) is in force here/, "版本只能升高：节点已是版本 $1"],
  [/no picture came from (\S+) within (\S+) s/, "$1 在 $2 秒内没有送来画面"],
  [/(\S+) is no camera of this node/, "$1 不是该节点的摄像机"],
  [/^(\S+ \S+) to set it right$/, "$1 内自行整改"],
  [/^gone within the time to set it right$/, "限时内已恢复"],
  [/^still there after (\S+ \S+)$/, "$1 后仍在"],
  [/^seen gone; this class needs nobody to look$/, "已看到恢复，该类事件无需人工核查"],
  [/^handled on the spot; not in the sample that is checked$/, "就地解决，未抽中复核"],
  [/^at the grid for longer than it may stay there$/, "在网格停留超时"],
  [/^at the community for longer than it may stay there$/, "在社区停留超时"],
  [/^where this class begins$/, "该类事件由此级办理"],
  [/^the last stage's time is over$/, "末阶段时限已过"],
  [/^the level of the case that became part of it$/, "并入案卷的层级"],
  [/^the case is a false alarm$/, "案卷已判为误报"],
  [/^the case is void$/, "案卷已作废"],
  [/^the case is rejected$/, "案卷不予受理"],
  [/left the broker or lost its power/, "已离线或断电"],
];

/** As people read it, part by part; what is not known stays as the node said it. */
export function sentence(said: string, locale: string): string {
  if (!locale.startsWith("zh")) return said;
  return KNOWN.reduce((text, [pattern, chinese]) => text.replace(pattern, chinese), said);
}
