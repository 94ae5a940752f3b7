import {
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type InjectionToken,
  type Type,
} from '@nestjs/common';

/** What shapes a module itself, beside its options in both forms. */
export interface ModuleExtras {
  /** Makes what the module exports available in every module of the app. Default false. */
  isGlobal?: boolean | undefined;
}

/**
 * What `forRootAsync()` takes: one of `useFactory`, `useClass` and `useExisting`, whose class has the method
 * `Method`, and the extras.
 */
export type ModuleAsyncOptions<
  Options,
  Method extends string,
> = ConfigurableModuleAsyncOptions<Options, Method> & ModuleExtras;

/** How a module takes its options. */
export interface ModuleOptionsRule<Options, Resolved, Method extends string> {
  /** What the module's providers get the complete options by. */
  provide: InjectionToken<Resolved>;
  /** The method of a class that is given to `forRootAsync()`. */
  factoryMethod: Method;
  /** Checks what was given, and fills in the defaults; by `readSection()`, for instance. */
  resolve: (options: Options) => Resolved;
}

/** Makes the definitions of a module that takes options. */
export interface ModuleOptions<Options, Method extends string> {
  forRoot(module: Type, options: Options & ModuleExtras): DynamicModule;
  forRootAsync(
    module: Type,
    options: ModuleAsyncOptions<Options, Method>,
  ): DynamicModule;
}

/**
 * For a module that stands beside PeerCloudModule: `forRoot()` and `forRootAsync()` whose options are checked
 * when the app starts.
 *
 * ```ts
 * const takes = moduleOptions<ChatOptions, ResolvedChatOptions, 'createChatOptions'>({
 *   provide: CHAT_OPTIONS,
 *   factoryMethod: 'createChatOptions',
 *   resolve: (options) => readSection(options, '', { rooms: { type: 'integer', min: 1, max: 99, default: 9 } }),
 * });
 *
 * @Module({ providers: [Chat] })
 * class ChatModule {
 *   static forRoot(options: ChatOptions & ModuleExtras = {}) {
 *     return takes.forRoot(ChatModule, options);
 *   }
 * }
 * ```
 */
export function moduleOptions<
  Options extends object,
  Resolved,
  Method extends string,
>({
  provide,
  factoryMethod,
  resolve,
}: ModuleOptionsRule<Options, Resolved, Method>): ModuleOptions<
  Options,
  Method
> {
  const input = Symbol('options as they were given');
  const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<Options>({
    optionsInjectionToken: input,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName(factoryMethod)
    .setExtras<ModuleExtras>(
      { isGlobal: undefined },
      (definition, { isGlobal = false }) => ({
        ...definition,
        global: isGlobal,
      }),
    )
    .build();
  const assemble = (
    module: Type,
    { providers = [], ...rest }: DynamicModule,
  ): DynamicModule => ({
    ...rest,
    module,
    providers: [
      ...providers,
      { provide, inject: [input], useFactory: resolve },
    ],
  });
  return {
    forRoot: (module, options) =>
      assemble(module, ConfigurableModuleClass.forRoot(options)),
    forRootAsync: (module, options) =>
      assemble(module, ConfigurableModuleClass.forRootAsync(options)),
  };
}
