import type { ENGLISH_QA } from './english-qa.ts';
import { makePluralize } from './plural.ts';

const plural = makePluralize('ru', ['one', 'few', 'many', 'other']);

export const RUSSIAN_QA: typeof ENGLISH_QA = {
  title: 'Для тестирования',
  intro: 'Подставленные здесь значения влияют только на решение. Кроме вас, эту панель никто не видит.',
  form: {
    title: 'Принудительная проверка',
    rollout: 'Не учитывать поэтапный выпуск',
    skip: 'Не учитывать пропущенную версию',
    channel: 'Канал',
    manifest: 'Другой манифест',
    manifestHint: ({ url }) => `Оставьте пустым для манифеста канала. Последняя проверка: ${url}`,
    currentVersion: 'Подставить версию приложения',
    osVersion: 'Подставить версию macOS',
    bucket: 'Подставить номер группы выпуска',
    bucketHint: ({ least, most }) => `От ${least} до ${most}`,
    empty: 'Оставьте пустым для настоящего значения',
    check: 'Проверить так',
    wrong: {
      manifestUrl: 'Это не веб-адрес.',
      currentVersion: 'Версия состоит из одного — четырёх чисел, разделённых точками.',
      osVersion: 'Версия состоит из одного — четырёх чисел, разделённых точками.',
      bucket: 'Номер группы — целое число от 0 до 9999.',
    },
  },
  decision: {
    title: 'Решение',
    none: 'Решения ещё нет.',
    action: 'Действие',
    reason: 'Причина',
    message: 'Сообщение',
  },
  facts: {
    title: 'Факты',
    none: 'Факты ещё не собраны.',
    name: 'Факт',
    value: 'Значение',
    pretended: 'подставлено',
  },
  findings: {
    title: (count) =>
      plural(count, { one: '# замечание', few: '# замечания', many: '# замечаний', other: '# замечания' }),
    none: 'К манифесту нет замечаний.',
    code: 'Код',
    severity: 'Важность',
    message: 'Сообщение',
  },
  candidates: {
    title: (count) =>
      plural(count, { one: '# кандидат', few: '# кандидата', many: '# кандидатов', other: '# кандидата' }),
    none: 'Загружать нечего.',
    kind: 'Вид',
    url: 'Адрес',
  },
  network: {
    title: (count) =>
      plural(count, {
        one: '# запрос при последней проверке',
        few: '# запроса при последней проверке',
        many: '# запросов при последней проверке',
        other: '# запроса при последней проверке',
      }),
    none: 'Запросов не было.',
    time: 'Время',
    request: 'Запрос',
    status: 'Статус',
    size: 'Размер',
    duration: 'Длительность',
    noAnswer: 'нет ответа',
  },
  journal: {
    title: (count) =>
      plural(count, {
        one: 'Журнал: # строка',
        few: 'Журнал: # строки',
        many: 'Журнал: # строк',
        other: 'Журнал: # строки',
      }),
    none: 'Установок пока не было.',
  },
  copy: 'Скопировать всё',
  copyName: 'Скопировать всё одним отчётом',
};
