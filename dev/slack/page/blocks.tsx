import { type ReactNode, useState } from 'react';
import { Message as Drawn, type Block as LibraryBlock } from 'slack-blocks-to-jsx';
import { EMOJI } from '../emoji.ts';
import { isObject, type Json } from '../json.ts';
import { Emoji, Words, withEmoji } from './emoji.tsx';
import { Element, Input, listOf, type OnUse, type Typing, textOf } from './fields.tsx';
import { type Directory, Mrkdwn } from './mrkdwn.tsx';

/** Draws a block that has nothing to click, through slack-blocks-to-jsx. */
function Still({ block, directory }: { block: Json; directory: Directory }) {
  return (
    <Drawn
      blocks={[withEmoji(block) as LibraryBlock]}
      logo=""
      name=""
      theme="light"
      withoutWrapper
      data={{ users: [...directory.users], channels: [...directory.channels] }}
      hooks={{
        emoji: (data, parse) => (Object.hasOwn(EMOJI, data.name) ? <Emoji name={data.name} /> : parse(data)),
      }}
    />
  );
}

interface Drawing {
  readonly directory: Directory;
  readonly onUse: OnUse;
  /** People's long messages fold; what an app wrote is always shown whole, because people approve what they see. */
  readonly folds?: boolean;
  readonly typing?: Typing;
}

/** The blocks of a message or modal. Elements that can be used are drawn here, so that a click knows its own block. */
export function Blocks({ blocks, ...drawing }: { blocks: readonly Json[] } & Drawing) {
  return blocks.map((block, index) => (
    <div className="block" key={String(block.block_id ?? index)}>
      <One block={block} {...drawing} />
    </div>
  ));
}

function One({ block, directory, onUse, folds, typing }: { block: Json } & Drawing): ReactNode {
  switch (block.type) {
    case 'input':
      return typing ? <Input block={block} typing={typing} onUse={onUse} /> : null;
    case 'header':
      return (
        <h3 className="header-block">
          <Words text={textOf(block.text)} />
        </h3>
      );
    case 'actions':
      return (
        <div className="actions">
          {listOf(block.elements).map((element) => (
            <Element
              key={String(element.action_id)}
              element={element}
              blockId={String(block.block_id)}
              directory={directory}
              onUse={onUse}
            />
          ))}
        </div>
      );
    case 'rich_text':
      return folds ? (
        <Folded block={block} directory={directory} />
      ) : (
        <Still block={block} directory={directory} />
      );
    case 'section':
      return <Section block={block} directory={directory} onUse={onUse} />;
    case 'context':
      return (
        <div className="context">
          {listOf(block.elements).map((element) => (
            <Text key={textOf(element)} value={element} directory={directory} />
          ))}
        </div>
      );
    case 'alert':
      return (
        <div className={`alert ${String(block.level ?? 'info')}`} role="note">
          <Text value={block.text} directory={directory} />
        </div>
      );
    default:
      return <Still block={block} directory={directory} />;
  }
}

/** A text object: mrkdwn is read, plain text stands as it is. */
function Text({ value, directory }: { value: unknown; directory: Directory }) {
  return isObject(value) && value.type === 'mrkdwn' ? (
    <Mrkdwn text={textOf(value)} directory={directory} />
  ) : (
    <div className="mrkdwn">
      <Words text={textOf(value)} />
    </div>
  );
}

function Section({ block, directory, onUse }: { block: Json; directory: Directory; onUse: OnUse }) {
  const { accessory } = block;
  const fields = listOf(block.fields);
  return (
    <div className="section">
      <div className="section-text">
        {block.text === undefined ? null : <Text value={block.text} directory={directory} />}
        {fields.length === 0 ? null : (
          <div className="fields">
            {fields.map((field) => (
              <Text key={textOf(field)} value={field} directory={directory} />
            ))}
          </div>
        )}
      </div>
      {isObject(accessory) ? (
        <Element element={accessory} blockId={String(block.block_id)} directory={directory} onUse={onUse} />
      ) : null}
    </div>
  );
}

/** Long pasted text folds, as in Slack. */
function Folded({ block, directory }: { block: Json; directory: Directory }) {
  const [open, setOpen] = useState(false);
  const long =
    (JSON.stringify(block.elements).match(/\\n/g)?.length ?? 0) + listOf(block.elements).length > 36;
  return (
    <>
      <div className={long && !open ? 'folded' : ''}>
        <Still block={block} directory={directory} />
      </div>
      {long ? (
        <button type="button" className="link" onClick={() => setOpen(!open)}>
          {open ? 'Show less' : 'Show more'}
        </button>
      ) : null}
    </>
  );
}
